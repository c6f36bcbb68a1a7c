import numpy as np
import pytest

from entropic.sims.perceptron.patterns import draw
from entropic.theory import DomainError


def test_labels_of_a_teacher_are_folded_into_its_patterns() -> None:
    for weights in ("spherical", "binary"):
        instance = draw(40, 2.0, "teacher", weights, seed=3)
        assert instance.teacher is not None
        assert (instance.stabilities(instance.teacher) > 0).all()
        assert np.dot(instance.teacher, instance.teacher) == pytest.approx(40)
    assert set(np.unique(instance.teacher)) == {-1.0, 1.0}


def test_fields_of_a_teacher_are_half_normal_and_those_of_a_stranger_normal() -> None:
    instance = draw(200, 50.0, "teacher", seed=5)
    assert instance.teacher is not None
    taught = instance.stabilities(instance.teacher)
    assert taught.mean() == pytest.approx(np.sqrt(2 / np.pi), abs=4 * 0.6 / 100)
    stranger = np.random.default_rng(0).standard_normal(200)
    stranger -= instance.teacher * (stranger @ instance.teacher) / 200
    stranger *= np.sqrt(200) / np.linalg.norm(stranger)
    assert instance.stabilities(stranger).mean() == pytest.approx(0, abs=4 / 100)


def test_a_larger_load_keeps_the_patterns_of_a_smaller_one() -> None:
    few, many = (draw(30, load, "teacher", seed=1, sample=4) for load in (0.5, 2.0))
    assert np.array_equal(few.patterns, many.patterns[:15])
    assert np.array_equal(few.teacher, many.teacher)  # type: ignore[arg-type]


def test_every_sample_size_and_seed_has_patterns_of_its_own() -> None:
    one = draw(30, 1.0, seed=1).patterns
    for other in (draw(30, 1.0, seed=2), draw(30, 1.0, seed=1, sample=1), draw(31, 1.0, seed=1)):
        shared = other.patterns[:30, :30]
        assert abs(np.corrcoef(one.ravel(), shared.ravel())[0, 1]) < 4 / 30


def test_single_precision_rounds_the_same_patterns() -> None:
    one, half = draw(20, 1.0, "teacher", seed=1), draw(20, 1.0, "teacher", seed=1, dtype=np.float32)
    assert half.patterns.dtype == np.float32
    assert np.array_equal(one.patterns.astype(np.float32), half.patterns)
    assert half.stabilities(np.ones(20)).dtype == np.float32


def test_columns_are_what_a_weight_adds_to_the_stabilities() -> None:
    for load in (0.05, 1.5, 0.0):
        instance = draw(20, load, seed=1)
        w = np.random.default_rng(0).standard_normal((3, 20))
        assert np.allclose(w @ instance.columns, instance.stabilities(w))
        assert not instance.columns.flags.writeable
        assert not instance.patterns.flags.writeable


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"size": 1}, "size must be a whole number of at least 2; it is 1"),
        ({"alpha": -0.1}, "alpha must be finite and at least 0; it is -0.1"),
        ({"alpha": np.inf}, "alpha must be finite and at least 0; it is inf"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"sample": 0.5}, "sample must be a whole number"),
        ({"setting": "exam"}, "setting must be 'storage' or 'teacher'; it is 'exam'"),
        ({"weights": "real"}, "weights must be 'spherical' or 'binary'; it is 'real'"),
        ({"alpha": 1e6, "size": 1000}, "must stay below 10 GB"),
    ],
)
def test_what_cannot_be_drawn_is_refused(asked: dict, complaint: str) -> None:
    with pytest.raises(DomainError, match=complaint):
        draw(**({"size": 10, "alpha": 1.0, "seed": 1} | asked))
