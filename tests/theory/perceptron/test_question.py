import numpy as np
import pytest

from entropic.theory.errors import DomainError
from entropic.theory.perceptron.question import question


def ask(alpha=0.5, kappa=0.0, beta=np.inf, model="spherical", setting="storage", energy="count"):
    return question(alpha, kappa, beta, model, setting, energy)


def test_loads_margins_and_temperatures_broadcast():
    asked = ask([[0.1], [0.2]], 0.3, [1.0, np.inf, 2.0])
    assert asked.alpha.shape == asked.kappa.shape == asked.beta.shape == (2, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"beta": 0.0}, r"beta must be from 1e-06 to 1e\+12, or inf .*; it is 0"),
        ({"beta": np.nan}, "beta must be .*; it is nan"),
        ({"beta": [1.0, 1e13]}, "beta must be .*; it is 1e.13"),
        ({"beta": 1.0, "kappa": -3.0}, "kappa must be finite and at least -2.2 with a teacher or"),
        ({"setting": "teacher", "kappa": -3.0}, "at least -2.2 with a teacher or at a finite beta"),
        ({"kappa": -26.0}, "kappa must be finite and at least -25; it is -26"),
        ({"alpha": -1.0}, "alpha must be finite and at least 0; it is -1"),
        ({"setting": "class"}, "setting must be 'storage' or 'teacher'; it is 'class'"),
        ({"energy": "cube"}, "energy must be 'count', 'hinge' or 'quadratic'; it is 'cube'"),
        ({"model": "potts"}, "model must be 'spherical', 'binary' or 'symmetric'; it is 'potts'"),
        ({"model": "symmetric"}, "kappa must be finite and above 0 in the symmetric model"),
        (
            {"alpha": [1, 2], "beta": [1.0, 2.0, 3.0]},
            r"alpha, kappa and beta must .* \(2,\), \(\) and \(3,\)",
        ),
    ],
)
def test_a_question_that_cannot_be_is_refused_in_one_line(arguments, message):
    with pytest.raises(DomainError, match=message) as refusal:
        ask(**arguments)
    assert "\n" not in str(refusal.value)
