from itertools import product

import numpy as np
import pytest
from symbolic_numbers import OFF, number

from entropic.theory.symbolic.symbols import E_hat, R_hat, n, q_hat
from entropic.theory.symbolic.weights import gaussian_weights, spins

VALUES = OFF | {E_hat: 5.0}  # at which the integral over five replicas converges


@pytest.mark.parametrize("teacher", [False, True])
@pytest.mark.parametrize("replicas", [1, 2, 5])
def test_gaussian_weights_integrate_to_what_their_matrix_says(replicas, teacher):
    matrix = np.full((replicas, replicas), -VALUES[q_hat])
    np.fill_diagonal(matrix, VALUES[E_hat])
    field = np.full(replicas, VALUES[R_hat] if teacher else 0)
    expected = (field @ np.linalg.solve(matrix, field) - np.linalg.slogdet(matrix)[1]) / 2
    found = number(gaussian_weights(teacher).result.rhs.subs(n, replicas), VALUES)
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("teacher", [False, True])
@pytest.mark.parametrize("replicas", [1, 2, 5])
def test_spins_sum_to_what_their_states_say(replicas, teacher):
    field = VALUES[R_hat] if teacher else 0
    totals = np.array([sum(state) for state in product([-1, 1], repeat=replicas)])
    states = np.exp(VALUES[q_hat] * (totals**2 - replicas) / 2 + field * totals)
    values = VALUES | {R_hat: field}
    found = number(spins(teacher).result.rhs.subs(n, replicas), values)
    assert found == pytest.approx(np.log(states.sum()), rel=1e-12)
