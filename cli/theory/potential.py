"""``entropic theory potential``: the effective potential of the slow coordinate."""

from pathlib import Path
from typing import Any

import click

from ..options import numbers, output_options
from .valley import valley_and_noise, valley_options

UNITS = {"y": "length", "potential": "energy", "force": "energy/length"} | {
    name: "energy" for name in ("energetic_potential", "entropic_potential")
}


@click.command()
@valley_options
@click.option("--at", type=numbers, required=True, metavar="LIST", help="The places y.")
@output_options
def potential(
    at: list[float], style: str, out: Path | None, picture: Path | None, **valley: Any
) -> None:
    """Effective potential of the slow coordinate and its force.

    The valley is V(x, y) = U(y) + g(y)|x|^2/2 with x in k fast directions.  Integrated out, they
    leave V_eff(y) = U + (kT/2) ln g for isotropic noise of variance 2T dt, and U + (kT/2) g for
    hessian noise of variance 2T g dt, each stiffened by the step: g/(1 - g ETA/2) in place of
    g in the logarithm, and -(kT/ETA) ln(1 - g ETA/2).  The "T ln g" of the paper is k = 2.
    The force is -dV_eff/dy.
    """
    import numpy as np

    from ...theory.slow import effective_potential, mean_forces
    from ..record import Record, deliver

    place, noise, parameters = valley_and_noise(**valley)
    y, step = np.array(at), parameters["step_size"]
    heights = effective_potential(place, noise, y, step)
    energetic, entropic = mean_forces(place, noise, y, step)
    forces = energetic + entropic + 0.0  # no -0
    energies = place.energy_at(y)
    rows = [
        {"y": a, "potential": b, "force": c, "energetic_potential": d, "entropic_potential": b - d}
        for a, b, c, d in zip(*(v.tolist() for v in (y, heights, forces, energies)), strict=True)
    ]
    record = Record("potential", parameters | {"at": at}, rows, UNITS)
    deliver(record, style, out, picture)
