import pytest
import sympy as sp
from symbolic_numbers import CASES, OFF, derivation, number

from entropic.theory.symbolic.symbols import E, R_hat, W, n


@pytest.mark.parametrize(("model", "setting"), CASES)
def test_the_free_entropy_is_what_the_action_tends_to_per_replica(model, setting):
    steps = {step.name: step for step in derivation(model, setting).steps}
    (action,) = steps["replicas"].equations
    parts = {
        sp.log(W): steps["weights"].equations[-1].rhs,
        sp.log(E): sp.log(steps["patterns"].equations[-1].rhs),
    }
    values = OFF if setting == "teacher" else OFF | {R_hat: 0}

    def per_replica(count):
        return number(action.rhs.subs(parts).subs(n, count), values) / count

    small = 1e-3
    limit = 2 * per_replica(small) - per_replica(2 * small)
    (entropy,) = steps["no replicas"].equations
    assert number(entropy.rhs, values) == pytest.approx(limit, abs=1e-5)
