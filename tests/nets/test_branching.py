from dataclasses import replace

import numpy as np
import pytest
import torch
from landscapes import small_problem

from entropic.nets import LineSettings, Problem, Recipe, branchings, train
from entropic.nets.branching import branch_ends, trunk_at
from entropic.nets.initial import initial_parameters
from entropic.theory import DomainError

RECIPE = Recipe(rate=0.2, batch=4, epochs=6)
LINE = LineSettings(places=3, probes=2)


@pytest.fixture(scope="module")
def problem():
    return small_problem(samples=16, decay=0.01)


@pytest.fixture(scope="module")
def found(problem):
    return list(branchings(problem, RECIPE, [0, 3, 6], [0, 1], LINE))


def test_branches_that_part_at_the_end_end_alike_to_the_last_bit(found):
    last = found[-1]
    assert last.epoch == 6
    assert torch.equal(last.ends[:, 0], last.ends[:, 1])
    for line in last.lines:
        assert line.length == 0
        for name in ("loss", "lambda_max", "trace"):
            assert getattr(line, f"{name}_barrier").value == 0


def test_branches_that_part_early_end_apart_and_farther_the_earlier(found):
    apart = [(done.ends[:, 0] - done.ends[:, 1]).norm(dim=1).mean() for done in found]
    assert apart[0] > apart[1] > apart[2] == 0
    for done in found:
        for line, pair in zip(done.lines, done.ends, strict=True):
            assert line.length == pytest.approx(float((pair[0] - pair[1]).norm()))


def test_the_trunk_is_the_training_itself(problem, found):
    whole = train(problem, RECIPE, [0, 1], together=True)
    trunk = found[-1].trunk
    assert trunk.epoch == 6
    assert trunk.arrays["theta"] == pytest.approx(whole.points, rel=1e-9, abs=1e-12)
    assert found[-1].ends[:, 0].numpy() == pytest.approx(whole.points, rel=1e-9, abs=1e-12)


def test_a_trunk_of_no_epochs_is_where_training_starts(problem):
    trunk = trunk_at(problem, RECIPE, [5], 0)
    assert torch.equal(torch.tensor(trunk.arrays["theta"][0]), initial_parameters(problem, 5))


def test_later_branchings_go_on_from_an_earlier_trunk_to_the_same_end(problem, found):
    rest = list(branchings(problem, RECIPE, [3, 6], [0, 1], LINE, trunk=found[0].trunk))
    for one, other in zip(rest, found[1:], strict=True):
        assert torch.equal(one.ends, other.ends)
        assert np.array_equal(one.lines[0].trace, other.lines[0].trace)


def test_a_seed_ends_the_same_in_any_company(problem, found):
    alone = next(branchings(problem, RECIPE, [3], [1], LINE))
    torch.testing.assert_close(alone.ends[0], found[1].ends[1], rtol=1e-8, atol=1e-10)


def test_without_augmentation_only_the_order_of_samples_parts_branches(problem):
    """One batch of everything: there is no noise, and branches do not part."""
    quiet = replace(RECIPE, batch=16)
    ends, _ = branch_ends(problem, quiet, trunk_at(problem, quiet, [0], 0))
    torch.testing.assert_close(ends[0, 0], ends[0, 1], rtol=1e-9, atol=1e-11)


def test_augmentation_is_noise_of_its_own(problem):
    def jittered(inputs, generator):
        kick = torch.randn(inputs.shape, generator=generator, dtype=inputs.dtype)
        return inputs + 0.5 * kick

    parts = (problem.model, problem.loss, problem.inputs, problem.targets)
    shaken = Problem(*parts, decay=0.01, augment=jittered)
    quiet = replace(RECIPE, batch=16)
    ends, _ = branch_ends(shaken, quiet, trunk_at(shaken, quiet, [0], 0))
    assert float((ends[0, 0] - ends[0, 1]).norm()) > 0.01


def test_a_descent_follows_the_branches_and_not_the_trunk(problem):
    down = replace(RECIPE, gradient_norm=1e-3)
    trunk = trunk_at(problem, down, [0], 6)
    assert not trunk.facts["descending"]
    ends, reached = branch_ends(problem, down, trunk)
    assert reached.all()
    slope = torch.func.grad(problem.full)(ends[0, 0])
    assert float(slope.norm()) <= 1e-3
    short = replace(down, gradient_norm=1e-9, longest=2)
    _, late = branch_ends(problem, short, trunk)
    assert not late.any()


def test_words_and_fractions_tell_where_it_is(problem):
    told = []
    tell = lambda words, share: told.append((words, share))  # noqa: E731
    list(branchings(problem, RECIPE, [0, 6], [0, 1], LINE, progress=tell))
    shares = [share for _, share in told]
    assert 0 <= min(shares) <= max(shares) <= 1
    assert told[-1][0] == "from epoch 6: line 2 of 2"
    assert any(words == "from epoch 0: training, 4 of 6" for words, _ in told)


@pytest.mark.parametrize(
    ("epochs", "words"),
    [
        ([], "must rise; they are \\[\\]"),
        ([3, 3], "must rise; they are \\[3, 3\\]"),
        ([0, 7], "from epoch 0 to 6, the end of the recipe; they are to begin at \\[0, 7\\]"),
    ],
)
def test_epochs_outside_the_training_are_refused(problem, epochs, words):
    with pytest.raises(DomainError, match=words):
        branchings(problem, RECIPE, epochs, [0])


def test_epochs_before_a_trunk_are_refused(problem, found):
    with pytest.raises(DomainError, match="from epoch 3 to 6"):
        branchings(problem, RECIPE, [2], [0, 1], trunk=found[1].trunk)


def test_a_line_needs_places_and_probes():
    with pytest.raises(DomainError, match="3 places, and a trace 2 probes; they are 2 and 16"):
        LineSettings(places=2)


def test_a_branch_that_is_lost_is_named_by_the_seed_of_its_trunk(problem):
    with pytest.raises(DomainError, match=r"the loss of seed 7, branch 1, stopped being finite"):
        list(branchings(problem, replace(RECIPE, rate=1e300), [0], [7]))
