import numpy as np
import pytest
from symbolic_numbers import number

from entropic.theory.symbolic.patterns import one_pattern
from entropic.theory.symbolic.symbols import kappa, n, q


def test_two_replicas_without_margin_share_what_sheppard_says():
    both = one_pattern(teacher=False).result.rhs.subs(n, 2)
    for overlap in (0.1, 0.6):
        found = number(both, {kappa: 0, q: overlap})
        assert found == pytest.approx(0.25 + np.arcsin(overlap) / (2 * np.pi), rel=1e-12)
