import numpy as np
import pytest
import torch
from tiny_archives import real_data

from entropic.nets import area_mean, crops_and_flips, read_images
from entropic.nets.images import Standard, chosen, noisy, overlap, standard
from entropic.theory import DomainError


def draw(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(256, size=shape, dtype=np.uint8)


def test_bytes_are_standardised_to_mean_zero_and_variance_one_in_every_channel():
    pixels = draw((30, 3, 8, 8)) // np.array([1, 2, 3], np.uint8)[:, None, None]
    inputs = standard(pixels).apply(pixels, torch.float64)
    for channel in range(3):
        assert inputs[:, channel].mean().item() == pytest.approx(0, abs=1e-13)
        assert inputs[:, channel].var(correction=0).item() == pytest.approx(1, rel=1e-12)


def test_bytes_and_fractions_of_255_are_standardised_alike():
    pixels = draw((5, 3, 4, 4))
    first, second = standard(pixels), standard(pixels / 255)
    np.testing.assert_allclose([*first.mean, *first.std], [*second.mean, *second.std], rtol=1e-13)
    torch.testing.assert_close(
        first.apply(pixels, torch.float64), first.apply(pixels / 255, torch.float64)
    )


def test_standardising_leaves_the_pixels_as_they_are():
    pixels = draw((5, 3, 4, 4)) / 255.0
    before = pixels.copy()
    Standard((0.5,) * 3, (0.1,) * 3).apply(pixels, torch.float64)
    assert np.array_equal(pixels, before)


def test_a_channel_that_never_changes_is_refused():
    with pytest.raises(DomainError, match="every channel of the images must vary"):
        standard(np.zeros((4, 1, 2, 2), np.uint8))


def test_the_real_training_set_has_the_mean_and_the_spread_that_everyone_uses():
    """0.4914, 0.4822, 0.4465 and 0.2470, 0.2435, 0.2616: many public training scripts."""
    found = standard(read_images("cifar10", real_data("cifar10")).part("train")[0])
    np.testing.assert_allclose(found.mean, (0.4914, 0.4822, 0.4465), atol=5e-5)
    np.testing.assert_allclose(found.std, (0.2470, 0.2435, 0.2616), atol=5e-5)


@pytest.mark.parametrize(("fine", "coarse"), [(32, 10), (32, 16), (32, 1), (7, 5), (6, 6)])
def test_an_area_mean_is_the_mean_over_a_grid_that_refines_both(fine, coarse):
    """The obvious way: every fine pixel as coarse × coarse copies, then means of whole blocks."""
    image = draw((2, 3, fine, fine)) / 255.0
    copies = image.repeat(coarse, axis=2).repeat(coarse, axis=3)
    blocks = copies.reshape(2, 3, coarse, fine, coarse, fine)
    np.testing.assert_allclose(area_mean(image, coarse), blocks.mean(axis=(3, 5)), rtol=1e-12)


def test_an_area_mean_keeps_constants_and_the_total_and_commutes_with_mirrors():
    image = draw((4, 1, 32, 32)) / 255.0
    coarse = area_mean(image, 10)
    np.testing.assert_allclose(area_mean(np.full((1, 1, 32, 32), 0.3), 10), 0.3, rtol=1e-14)
    np.testing.assert_allclose(coarse.mean(axis=(2, 3)), image.mean(axis=(2, 3)), rtol=1e-13)
    np.testing.assert_allclose(area_mean(image[..., ::-1], 10), coarse[..., ::-1], rtol=1e-12)
    turned = np.swapaxes(image, 2, 3)
    np.testing.assert_allclose(area_mean(turned, 10), np.swapaxes(coarse, 2, 3), rtol=1e-12)


def test_every_fine_pixel_gives_itself_away_once_and_every_coarse_one_is_full():
    weights = overlap(32, 10)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(weights.sum(axis=0), 10 / 32, rtol=1e-13)


def test_many_images_are_averaged_as_one_by_one():
    images = draw((2100, 1, 4, 4))
    np.testing.assert_array_equal(area_mean(images, 3)[2090], area_mean(images[2090:2091], 3)[0])


@pytest.mark.parametrize("size", [0, 33])
def test_more_pixels_than_there_are_are_refused(size):
    with pytest.raises(DomainError, match=f"can be had on 1 to 32; {size} were asked for"):
        overlap(32, size)


drawn_labels = np.random.default_rng(3).integers(5, size=400)


def test_the_first_of_each_class_come_in_the_order_of_the_files():
    taken = chosen(drawn_labels, 5, 50)
    assert np.all(np.diff(taken) > 0)
    for label in range(5):
        own = np.flatnonzero(drawn_labels == label)
        assert np.array_equal(taken[drawn_labels[taken] == label], own[:10])


def test_a_random_choice_follows_from_the_seed_and_has_as_many_of_each_class():
    taken = chosen(drawn_labels, 5, 50, seed=1)
    assert np.array_equal(taken, chosen(drawn_labels, 5, 50, seed=1))
    assert not np.array_equal(taken, chosen(drawn_labels, 5, 50, seed=2))
    assert np.bincount(drawn_labels[taken]).tolist() == [10] * 5
    assert len(set(taken)) == 50
    assert chosen(drawn_labels, 5, 0).tolist() == list(range(400))


@pytest.mark.parametrize(
    ("samples", "match"),
    [
        (7, "multiple of the 5 classes; they are 7"),
        (-5, "they are -5"),
        (500, "500 samples need 100 of class 0; there are"),
    ],
)
def test_a_choice_that_cannot_be_made_is_refused(samples, match):
    with pytest.raises(DomainError, match=match):
        chosen(drawn_labels, 5, samples)


def test_label_noise_draws_that_share_of_the_labels_anew():
    labels = np.zeros(20_000, np.int64)
    changed = (noisy(labels, 10, 0.2, 0) != 0).mean()
    assert abs(changed - 0.18) < 4 * (0.18 * 0.82 / 20_000) ** 0.5
    assert np.array_equal(noisy(drawn_labels, 5, 0.0, 0), drawn_labels)
    with pytest.raises(DomainError, match="label_noise must be a fraction from 0 to 1; it is 2"):
        noisy(labels, 10, 2.0, 0)


def one_by_one(inputs: torch.Tensor, seed: int, padding: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    count, _, height, width = inputs.shape
    drawn = torch.randint(2 * padding + 1, (2, count), generator=generator)
    mirrored = torch.rand(count, generator=generator) < 0.5
    padded = torch.nn.functional.pad(inputs, (padding,) * 4)
    images = []
    for i in range(count):
        down, right = drawn[0, i], drawn[1, i]
        image = padded[i, :, down : down + height, right : right + width]
        images.append(image.flip(-1) if mirrored[i] else image)
    return torch.stack(images)


def test_crops_and_flips_are_those_made_one_by_one():
    inputs = torch.randn(40, 3, 8, 8, generator=torch.Generator().manual_seed(5))
    found = crops_and_flips(inputs, torch.Generator().manual_seed(9), 4)
    assert torch.equal(found, one_by_one(inputs, 9, 4))


def test_all_shifts_come_as_often_and_half_the_images_are_mirrored():
    n = 8100
    inputs = torch.zeros(1, 1, 9, 10).expand(n, 1, 9, 10).clone()
    inputs[:, :, 4, 4] = 1  # stays inside whatever the shift by up to 4
    found = crops_and_flips(inputs, torch.Generator().manual_seed(0), 4)
    rows, columns = found.squeeze(1).flatten(1).argmax(1) // 10, found.flatten(1).argmax(1) % 10
    assert torch.all(found.flatten(1).sum(1) == 1)
    counts = torch.bincount(rows, minlength=9).double()
    assert torch.all(abs(counts - n / 9) < 4 * (n / 9 * 8 / 9) ** 0.5)
    # unmirrored 0 to 8, mirrored 1 to 9: at column 0 only the first, at 9 only the second
    ends = [(columns == 0).sum().item(), (columns == 9).sum().item()]
    assert abs(ends[0] - n / 18) < 4 * (n / 18) ** 0.5
    assert abs(ends[1] - n / 18) < 4 * (n / 18) ** 0.5


def test_without_padding_an_image_or_its_mirror_is_left():
    inputs = torch.randn(50, 2, 5, 5, generator=torch.Generator().manual_seed(1))
    found = crops_and_flips(inputs, torch.Generator().manual_seed(2), 0)
    same = (found == inputs).flatten(1).all(1)
    mirrored = (found == inputs.flip(-1)).flatten(1).all(1)
    assert torch.all(same ^ mirrored)
    assert 10 < same.sum() < 40
