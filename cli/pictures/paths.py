"""The potential in two dimensions, with a few paths on it."""

from typing import TYPE_CHECKING

from ..figures import BLACK, BLUE, COLOURS, PURPLE, VERMILION, blank, house_style, legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..sim.paths import Paths

SIZE = (6.4, 4.8)  # inches
LEVELS = 14
PATHS = [colour for colour in COLOURS if colour not in (BLACK, PURPLE)]


def figure(paths: "Paths") -> "Figure":
    """Contours of V(x, y) in grey, paths in colour, their ends, the ends of the interval."""
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.ticker import MaxNLocator

    picture, axes = blank(size=SIZE)
    height, visited = paths.height, np.concatenate(paths.trails)
    on_grid = height[
        np.searchsorted(paths.y[:-1], visited[:, 1], side="right") - 1,
        np.searchsorted(paths.x[:-1], visited[:, 0], side="right") - 1,
    ]
    low, high = np.nanmin(height), np.nanmax(np.append(on_grid, np.nanmedian(height)))
    levels = MaxNLocator(LEVELS).tick_values(low, max(high, low + 1e-9 * (1 + abs(low))))
    ramp = LinearSegmentedColormap.from_list("greys", ["#ffffff", "#b4b4b4"])
    greys = ramp.with_extremes(over="#a6a6a6")
    with house_style():
        look = {"levels": levels, "extend": "max"}
        hills = axes.contourf(paths.x, paths.y, height, cmap=greys, **look)
        axes.contour(paths.x, paths.y, height, colors="#808080", linewidths=0.4, levels=levels)
        picture.colorbar(hills, label="potential V (energy)")
        for i, (trail, gone) in enumerate(zip(paths.trails, paths.left, strict=True)):
            colour = PATHS[i % len(PATHS)]
            axes.plot(*trail.T, color=colour, linewidth=0.5, alpha=0.85, rasterized=True)
            dot = {"marker": "o", "markersize": 5, "linestyle": "", "zorder": 3}
            axes.plot(*trail[0], color=colour, markeredgecolor="white", **dot)
            if gone:
                axes.plot(*trail[-1], color=colour, **dot | {"marker": "X", "markersize": 7})
        _lines(axes, paths)
        axes.grid(visible=False)
        x = "radius |x| of the fast directions" if paths.radial else "fast direction x"
        axes.set(xlabel=f"{x} (length)", ylabel="slow coordinate y (length)")
        axes.set_xlim(paths.x[0], paths.x[-1])
        axes.set_ylim(paths.y[0], paths.y[-1])
        dot = {"color": BLACK, "linestyle": "", "markersize": 5}
        axes.plot([], [], marker="o", label="beginning", **dot)
        if any(paths.left):
            axes.plot([], [], marker="X", label="seen outside", **dot)
        legend(axes, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4)
    return picture


def _lines(axes: "object", paths: "Paths") -> None:
    for ends, label, colour, dashes in (
        (paths.absorb, "absorbing end", VERMILION, "--"),
        (paths.reflect, "reflecting end", BLUE, ":"),
    ):
        for i, end in enumerate(ends):
            name = "" if i else label
            axes.axhline(end, color=colour, linestyle=dashes, linewidth=1.8, label=name)  # type: ignore[attr-defined]
