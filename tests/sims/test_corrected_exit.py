"""The full (x, y) dynamics against the theory beyond the adiabatic limit."""

import numpy as np
import pytest

from entropic.sims import exit_time
from entropic.theory import CurvatureAligned, Thermal, Valley, shape, valley_exit_time


@pytest.mark.slow
@pytest.mark.parametrize(
    ("noise", "stiffness", "fast_dims", "heat", "step", "ends"),
    [
        (Thermal(0.5), "50*(1 + y**2)", 2, 0.3, 0.01, ((-1, 1), None)),  # ηg from 0.5 to 1
        (CurvatureAligned(0.5, 50.0), "50*(1 + y**2)", 1, 0.5, 0.01, ((-1, 1), None)),
        (CurvatureAligned(0.5, 50.0), "50*(1 + y**2/2)", 3, 0.3, 0.005, ((-1, 1), None)),
        (CurvatureAligned(0.5, 40.0), "40*exp(y/2)", 4, 0.4, 0.005, ((1,), -1)),
    ],
)
def test_exit_times_are_those_of_the_first_correction(
    noise, stiffness, fast_dims, heat, step, ends
):
    """Hessian noise, y colder than x, steps of half of 1/stiffness: |z| < 4 at half a per cent."""
    valley, starts = Valley(shape("y**2/2"), shape(stiffness), fast_dims), [0.0, 0.4]
    absorb, reflect = ends
    mirror = () if reflect is None else (reflect,)
    first, none = (
        valley_exit_time(
            *(valley, noise, starts, absorb, mirror, step, heat, "discrete"), correction=correction
        ).relaxation
        for correction in ("first", "none")
    )
    measured = exit_time(
        valley,
        noise,
        starts,
        absorb,
        step=step,
        walkers=40_000,
        seed=7,
        slow_temperature=heat,
        reflect=reflect,
    )
    assert np.all(measured.time.error < 0.006 * measured.time.value)
    z, rival = first.sigmas_from(measured), none.sigmas_from(measured)
    assert np.all(np.abs(z) < 4), (z, rival)
    assert np.abs(rival).max() > 5, (z, rival)
