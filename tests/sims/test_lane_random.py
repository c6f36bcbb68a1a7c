"""The random numbers: published vectors, and whether the normal ones are normal."""

import numpy as np
import pytest
from naive_langevin import Stream
from scipy import stats

from entropic.sims import lane_random as lr
from entropic.sims import workshop

# Random123, tests/kat_vectors: philox4x32-10, counter, key, result
PHILOX = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
# Blackman and Vigna's C from the state 1, 2, 3, 4, as rand_xoshiro tests it
XOSHIRO = (641, 1573767, 3222811527, 3517856514, 836907274)
XOSHIRO += (4247214768, 3867114732, 1355841295, 495546011, 621204420)


@pytest.mark.parametrize(("counter", "key", "expected"), PHILOX)
def test_philox_gives_the_published_vectors(counter, key, expected) -> None:
    with workshop.uncompiled():
        found = lr.philox(*map(np.uint32, counter), *map(np.uint32, key))
    assert tuple(map(int, found)) == expected


def test_xoshiro_gives_the_published_vector() -> None:
    stream = Stream(0, 0, 0, 0)
    stream.state = tuple(map(np.uint32, (1, 2, 3, 4)))
    assert tuple(int(stream.bits()) for _ in XOSHIRO) == XOSHIRO


def test_no_two_addresses_share_a_stream() -> None:
    seeds, trajectories, segments = (0, 1, 2**32, 2**63 - 1), (0, 1, 2**32, 2**40), (0, 1, 2**31)
    places = [(s, t, g, u) for s in seeds for t in trajectories for g in segments for u in (0, 1)]
    assert len({Stream(*place).state for place in places}) == len(places)


def draw(s, pairs, square, out):
    """Normal numbers (rows, 2, lanes), then as many χ² ones."""
    n, bits = np.zeros((2, LANES), NUMBER), np.zeros((4, LANES), np.uint32)
    chi = np.zeros(LANES, np.float32)
    for row in range(pairs):
        fill_normals(s, n, bits)
        if square > 0:
            fill_chi_square(s, n[0], chi, square)
            out[row, 0, :] = chi
        else:
            out[row] = n


LANES, NUMBER = 64, np.float32
fill_normals, fill_chi_square = lr.fill_normals32, lr.fill_chi_square


def sample(count: int, seed: int = 1, square: int = 0, double: bool = False) -> np.ndarray:
    """About ``count`` numbers (rows, 2, 64), each lane a stream of its own."""
    bindings = {"LANES": 64, "NUMBER": np.float64 if double else np.float32}
    bindings |= {"fill_normals": lr.fill_normals64} if double else {}
    kernel = workshop.kernel((draw,), bindings)
    s = np.array([Stream(seed, lane, 0, lr.NOISE).state for lane in range(64)]).T.copy()
    out = np.empty((-(-count // 128), 2, 64), np.float64 if double else np.float32)
    with workshop.uncompiled():
        kernel.draw(s, len(out), square, out)
    return out


def has_normal_moments(x: np.ndarray) -> None:
    """Those to the order 8, each within 4.5 standard errors; odd ones are 0, even (m − 1)!!."""
    x = x.astype(float).ravel()
    for order in range(1, 9):
        exact = 0 if order % 2 else stats.norm.moment(order)
        error = np.sqrt((stats.norm.moment(2 * order) - exact**2) / len(x))
        assert abs(np.mean(x**order) - exact) < 4.5 * error, order


def has_normal_law(x: np.ndarray) -> None:
    """χ² over 400 bins as probable as each other."""
    inner = stats.norm.ppf(np.linspace(0, 1, 401)[1:-1])
    counts = np.bincount(np.searchsorted(inner, x.ravel()), minlength=400)
    assert stats.chisquare(counts).pvalue > 1e-4


def is_independent(one: np.ndarray, other: np.ndarray) -> None:
    """Products of both, of their squares and of one with the other's square."""
    a, b = one.astype(float).ravel(), other.astype(float).ravel()
    n = np.sqrt(len(a))
    assert abs(np.mean(a * b)) * n < 4.5
    assert abs(np.mean((a**2 - 1) * (b**2 - 1))) * n < 4.5 * 2
    assert abs(np.mean(a * (b**2 - 1))) * n < 4.5 * np.sqrt(2)


def are_normal(x: np.ndarray) -> None:
    has_normal_moments(x)
    has_normal_law(x)
    is_independent(x[:, 0], x[:, 1])
    is_independent(x[:, :, :-1], x[:, :, 1:])
    is_independent(x[:-1], x[1:])


@pytest.mark.parametrize("double", [False, True])
def test_the_normal_numbers_are_normal_and_independent(double: bool) -> None:
    are_normal(sample(500_000, double=double))


def test_the_compiled_numbers_are_those_of_the_plain_templates() -> None:
    x = sample(1000)
    stream = Stream(1, 5, 0, lr.NOISE)
    np.testing.assert_allclose(x[:4, :, 5].ravel(), stream.normals(8), rtol=3e-6)


@pytest.mark.parametrize("freedom", [2, 3, 23, 999])
def test_chi_square_numbers_have_their_law(freedom: int) -> None:
    x = sample(400_000, square=freedom)[:, 0].astype(float).ravel()
    law = stats.chi2(freedom)
    assert stats.kstest(x, law.cdf).pvalue > 1e-3
    for order in (1, 2, 3):
        exact = law.moment(order)
        error = np.sqrt((law.moment(2 * order) - exact**2) / len(x))
        assert abs(np.mean(x**order) - exact) < 4.5 * error


def test_the_polynomials_are_as_good_as_they_say() -> None:
    with workshop.uncompiled():
        u = np.linspace(1, 2, 20_001, dtype=np.float32)[:-1]
        for scale in (1.0, 2.0**-20, 2.0**-32):
            found = np.array([lr.minus_log32(v, lr.ONE_BITS) for v in u * np.float32(scale)])
            exact = -np.log(u.astype(float) * scale)
            assert np.max(np.abs(found - exact)) < 6e-7 + 2.0**-23 * np.max(np.abs(exact))
    least = lr.log_of_uniform32(np.uint32(0xFFFFFFFF))
    assert 0 <= least < 1e-6  # its root is a number


def test_the_longest_normal_number_is_that_of_the_smallest_uniform_one() -> None:
    with workshop.uncompiled():
        radius = np.sqrt(2 * lr.log_of_uniform32(np.uint32(0)))
    assert radius == pytest.approx(6.66, abs=0.005)


@pytest.mark.slow
def test_a_hundred_million_normal_numbers_are_normal() -> None:
    counts, sums, number = np.zeros(400, int), np.zeros(9), 0
    inner = stats.norm.ppf(np.linspace(0, 1, 401)[1:-1]).astype(np.float32)
    tails = np.array([4.0, 5.0, 6.0])
    beyond = np.zeros(3, int)
    for seed in range(25):
        x = sample(4_000_000, seed).ravel()
        number += len(x)
        counts += np.bincount(np.searchsorted(inner, x), minlength=400)
        power, double = np.ones(len(x)), x.astype(float)
        beyond += (np.abs(double)[:, None] > tails).sum(axis=0)
        for order in range(1, 9):
            power *= double
            sums[order] += power.sum()
    assert stats.chisquare(counts).pvalue > 1e-4
    for order in range(1, 9):
        exact = 0 if order % 2 else stats.norm.moment(order)
        error = np.sqrt((stats.norm.moment(2 * order) - exact**2) / number)
        assert abs(sums[order] / number - exact) < 4.5 * error
    expected = 2 * stats.norm.sf(tails) * number
    assert np.all(np.abs(beyond - expected) < 4.5 * np.sqrt(expected) + 1)
