import pytest

from entropic.theory.symbolic.symbols import G, H, phi, u


@pytest.mark.parametrize(
    ("function", "slope"), [(H, -phi(u)), (phi, -u * phi(u)), (G, G(u) * (G(u) - u))]
)
def test_tail_density_and_their_ratio_know_their_slopes(function, slope):
    assert function(u).diff(u) == slope
