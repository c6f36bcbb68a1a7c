import numpy as np
import pytest

from entropic.nets import Temperature
from entropic.theory import DomainError


@pytest.mark.parametrize("momentum", [0.0, 0.6])
def test_the_temperature_is_what_the_noise_of_steps_diffuses(momentum):
    """Steps of noise alone, in torch's convention: displacement² = 2 T × time."""
    step, batch, samples, variance, steps = 0.1, 4, 10, 1.7, 600
    bath = Temperature(step, batch, samples, momentum)
    rng = np.random.default_rng(0)
    place, velocity = np.zeros((2, 6000))
    for _ in range(steps):
        kick = rng.normal(size=6000) * (variance * (1 - batch / samples) / batch) ** 0.5
        velocity = momentum * velocity + kick
        place = place - step * velocity
    time = steps * step / (1 - momentum)
    squares = place**2 / (2 * time)
    error = squares.std() / len(squares) ** 0.5
    # the first 1/(1 − β) steps remember no earlier kicks: half a percent here
    assert abs(squares.mean() - bath.of(variance)) < 4 * error + 0.01 * bath.of(variance)
    assert abs(squares.mean() - bath.ratio * variance) > 5 * error  # the literature's


def test_a_full_batch_is_cold_and_the_ratio_is_the_literatures():
    assert Temperature(0.1, 8, 8).of(3.0) == 0
    assert Temperature(0.1, 8, 80).ratio == 0.0125


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((0.0, 4, 8), "step size must be positive; it is 0"),
        ((0.1, 9, 8), "batch must have 1 to 8 samples; it has 9"),
        ((0.1, 4, 8, 1.0), "momentum must be from 0 to below 1; it is 1"),
    ],
)
def test_no_temperature_for_no_such_algorithm(values, words):
    with pytest.raises(DomainError, match=words):
        Temperature(*values)
