import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from entropic.nets import digits
from entropic.nets.data import other_digits
from entropic.theory import DomainError


def test_the_same_seed_gives_the_same_data_and_another_seed_does_not():
    first, again, other = digits(50, 1, 0.3), digits(50, 1, 0.3), digits(50, 2, 0.3)
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


def test_the_pixels_of_the_whole_set_have_mean_zero_and_variance_one():
    inputs, targets = digits(1797, 0)
    assert inputs.shape == (1797, 64)
    assert inputs.mean().item() == pytest.approx(0, abs=1e-12)
    assert inputs.var(correction=0).item() == pytest.approx(1, rel=1e-12)
    assert targets.unique().tolist() == list(range(10))


def test_every_sample_is_a_digit_of_the_set_with_its_own_label_and_none_comes_twice():
    pixels, labels = load_digits(return_X_y=True)
    inputs, targets = digits(200, 3)
    known = {tuple(np.round(row)): label for row, label in zip(pixels, labels, strict=True)}
    back = np.round(inputs.numpy() * pixels.std() + pixels.mean())
    assert [known[tuple(row)] for row in back] == targets.tolist()
    assert len({tuple(row) for row in back}) == 200


@pytest.mark.parametrize("fraction", [0.15, 0.6, 1.0])
def test_the_share_of_wrong_labels_is_nine_tenths_of_the_noise_within_the_binomial_error(fraction):
    """A tenth of the labels drawn anew hit the right one."""
    clean, noisy = digits(1797, 5)[1], digits(1797, 5, fraction)[1]
    expected = 0.9 * fraction
    error = (expected * (1 - expected) / 1797) ** 0.5
    assert abs((clean != noisy).double().mean().item() - expected) < 4 * error
    changed = noisy[clean != noisy]
    counts = torch.bincount(changed, minlength=10).double()
    assert torch.all(abs(counts - len(changed) / 10) < 5 * (len(changed) / 10) ** 0.5)


def test_noise_touches_labels_and_not_pixels_and_less_noise_means_fewer_of_the_same_flips():
    plain, little, much = (digits(500, 4, fraction) for fraction in (0.0, 0.1, 0.4))
    assert torch.equal(plain[0], much[0])
    assert torch.all((little[1] != plain[1]) <= (much[1] != plain[1]))


def test_a_smaller_set_is_the_beginning_of_a_larger_one():
    assert torch.equal(digits(20, 6)[0], digits(100, 6)[0][:20])


def test_the_pixels_come_in_the_asked_type_and_labels_are_whole():
    inputs, targets = digits(10, 0, dtype=torch.float32)
    assert (inputs.dtype, targets.dtype) == (torch.float32, torch.int64)


@pytest.mark.parametrize("samples", [0, 1, 1798])
def test_more_samples_than_there_are_and_too_few_are_refused(samples):
    with pytest.raises(DomainError, match=f"hold 2 to 1797 samples; {samples} were asked for"):
        digits(samples, 0)


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan")])
def test_label_noise_that_is_no_fraction_is_refused(fraction):
    with pytest.raises(DomainError, match="label_noise must be a fraction from 0 to 1; it is"):
        digits(10, 0, fraction)


def test_the_digits_kept_aside_are_all_the_others():
    some, _ = digits(500, 3)
    others, labels = other_digits(500, 3)
    everything = torch.cat([some, others])
    assert len(everything) == len(torch.unique(everything, dim=0)) == 1797
    whole, given = digits(1797, 3)
    assert torch.equal(others, whole[500:])
    assert torch.equal(labels, given[500:])
