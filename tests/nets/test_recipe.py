import pytest

from entropic.nets import Recipe
from entropic.theory import DomainError


def test_the_rate_is_divided_at_every_drop():
    recipe = Recipe(rate=1.0, drops=(0.25, 0.5), factor=10.0)
    assert [recipe.rate_at(fraction) for fraction in (0.0, 0.24, 0.25, 0.5, 1.0)] == [
        *(1.0, 1.0, 0.1, 0.01, 0.01)
    ]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"rate": 0.0}, "the rate must be positive; it is 0"),
        ({"rate": float("nan")}, "the rate must be positive; it is nan"),
        ({"factor": -1.0}, "the factor must be positive; it is -1"),
        ({"momentum": 1.0}, "momentum must be from 0 to below 1; it is 1"),
        ({"batch": 0}, "batch and longest must be at least 1"),
        ({"epochs": -1}, "epochs not negative"),
        ({"optimizer": "lion"}, "must be 'sgd', 'adam' or 'langevin'; it is 'lion'"),
        ({"optimizer": "langevin"}, "langevin goes without momentum; it is 0.9"),
        ({"nesterov": True, "momentum": 0.0}, "Nesterov's step needs sgd with momentum"),
        ({"descent": "newton"}, "must be 'momentum', 'steepest' or 'lbfgs'; it is 'newton'"),
        ({"drops": (1.0,)}, "drops at fractions between 0 and 1"),
        ({"gradient_norm": 0.0}, "the gradient norm must be positive; it is 0"),
        ({"component": -1e-5}, "the component must be positive; it is -1e-05"),
    ],
)
def test_a_recipe_that_trains_nothing_is_refused(fields, why):
    with pytest.raises(DomainError, match=why):
        Recipe(**fields)
