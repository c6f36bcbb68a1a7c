"""How far the toy's predictions hold as the fast directions become slow: one point a condition."""

from typing import TYPE_CHECKING

import numpy as np

from .figures import BLACK, BLUE, SKY, VERMILION, blank, legend

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

LIMIT = 0.05  # ε up to which the rung vouches for its predictions


def toy_grid(data: "xr.Dataset") -> "Figure":
    """Measured over predicted mean exit time against the time-scale ratio ε."""
    figure, axes = blank()
    eps, error = data["adiabaticity"].values, data["over_stderr"].values
    order = np.argsort(eps)
    axes.axhline(1.0, color=BLUE, linewidth=1.2)
    axes.axvline(LIMIT, color=BLACK, linestyle=":", label=f"limit of validity, ε = {LIMIT:g}")
    look = {"linestyle": "", "markersize": 4}
    adiabatic = data["over_adiabatic"].values[order]
    axes.plot(
        *(eps[order], adiabatic),
        **look,
        marker="s",
        markerfacecolor="none",
        color=SKY,
        label="over the adiabatic prediction",
    )
    axes.errorbar(
        *(eps[order], data["over_first"].values[order], error[order]),
        **look,
        marker="o",
        color=VERMILION,
        label="over the prediction to first order in ε",
    )
    axes.set_xscale("log")
    axes.set(xlabel="time-scale ratio ε", ylabel="measured / predicted mean exit time")
    legend(axes, loc="best")
    return figure
