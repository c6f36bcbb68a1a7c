"""Log-determinants of many points, read off what is known of their spectra once all are measured.

A rule that looks at every point by itself cuts each elsewhere: where the path is a saddle its most
negative eigenvalue is large, and hundreds of directions leave the sum that stay in it at the
minima.  What is then compared are numbers of directions, not curvatures.  The rule of Zhang, Saxe,
Advani and Lee takes the negative end of a spectrum for the size of its errors; along a path that
size is **shared**, by default: the floor of all points is the largest |most negative| of any.  And
of what one floor keeps, ``logdet_excess`` = Σ ln(λ/floor) compares though the number kept changes.
"""

from collections.abc import Mapping

import numpy as np

from ..theory.cleaning import AboveFloor, AboveMostNegative, CleaningRule
from ..theory.estimate import Array
from .log_determinant import KnownSpectrum, LogDet, ProbedSpectrum, shared_floor

LOWEST = "lowest"  # the column by which the others know that log-dets are asked for
SIDE = "across_"  # before the names of what is known of H orthogonal to the path
ACROSS = {  # what is then told
    **{f"logdet{x}": f"logdet_across{x}" for x in ("", "_stderr", "_bias")},
    **{f"logdet_excess{x}": f"logdet_across_excess{x}" for x in ("", "_stderr", "_bias")},
    **{name: f"{name}_across" for name in ("kept", "negative", "floor")},
}
PROBED = ("probed_diagonals", "probed_besides", "probed_masses", "probed_known", "probed_end")


def remembered(found: KnownSpectrum | ProbedSpectrum, steps: int) -> dict[str, Array | float]:
    """What a point must keep for :func:`log_det_columns`; of ``steps`` products each."""
    kept: dict[str, Array | float] = {LOWEST: found.ends[0]}
    if isinstance(found, KnownSpectrum):
        return kept
    missing = ((0, 0), (0, steps - found.diagonals.shape[1]))  # decoupled, thus without weight
    tables = np.pad(found.diagonals, missing), np.pad(found.besides, missing)
    return kept | dict(zip(PROBED, (*tables, found.masses, found.known, found.end), strict=True))


def log_det_columns(columns: Mapping[str, Array], rule: CleaningRule | None) -> dict[str, Array]:
    """``logdet``, its excess, kept, negative, floor at every point; None: the shared rule.

    NaN where nothing is kept, and an excess of NaN where the floor differs from point to point.
    """
    spectra = [_spectrum(columns, i) for i in range(len(columns[LOWEST]))]
    shared = None if rule is not None else shared_floor([s.ends for s in spectra])
    rows = [_row(s, rule, shared) for s in spectra]
    found = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    if not (rule is None or isinstance(rule, AboveFloor)):
        for name in [n for n in found if n.startswith("logdet_excess")]:
            del found[name]
    return found


def across_columns(columns: Mapping[str, Array], rule: CleaningRule | None) -> dict[str, Array]:
    """The same of what lies across the path, where it is known: ``logdet_across`` and so on."""
    side = {n.removeprefix(SIDE): v for n, v in columns.items() if n.startswith(SIDE)}
    if LOWEST not in side:
        return {}
    found = log_det_columns(side, rule)
    return {ACROSS[name]: values for name, values in found.items() if name in ACROSS}


def _spectrum(columns: Mapping[str, Array], i: int) -> KnownSpectrum | ProbedSpectrum:
    if "spectrum" in columns:
        return KnownSpectrum(columns["spectrum"][i])
    diagonals, besides, masses, known, end = (columns[name][i] for name in PROBED)
    return ProbedSpectrum(diagonals, besides, masses, known, float(end))


def _row(
    spectrum: KnownSpectrum | ProbedSpectrum, rule: CleaningRule | None, shared: float | None
) -> dict[str, float]:
    found = _above(spectrum, rule, shared)
    row = {}
    for name, estimate, bias in (
        ("logdet", found.log_det, found.log_det_bias),
        ("logdet_excess", found.excess, found.excess_bias),
        ("kept", found.kept, found.kept_bias),
    ):
        row[name], row[f"{name}_stderr"] = float(estimate.value), float(estimate.error)
        row[f"{name}_bias"] = bias
    return row | {"negative": float(found.negative.value), "floor": found.floor}


def _above(
    spectrum: KnownSpectrum | ProbedSpectrum, rule: CleaningRule | None, shared: float | None
) -> LogDet:
    if isinstance(spectrum, ProbedSpectrum):
        if isinstance(rule, AboveFloor):
            return spectrum.above(rule)
        floor = shared_floor([spectrum.ends]) if shared is None else shared
        return spectrum.above(AboveFloor(floor))
    if shared:
        rule = AboveFloor(shared)
    return spectrum.above(rule or AboveMostNegative())
