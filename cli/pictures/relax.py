"""Replicas on their way along a path: where they are, who is on the way still, the loss."""

from typing import TYPE_CHECKING, Any

from ..figures import BLACK, COLOURS, DASHES, blank, curve, house_style, legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..net.relax_rows import RelaxRecord

NEAR = 0.1  # of the length: where all stay that near to their start, that is what is drawn
FEW = 8  # starts that a legend can tell apart
SHADES = [colour for colour in COLOURS if colour != BLACK]


def figure(record: "RelaxRecord") -> "Figure":
    """Positions with 10-90 % of the replicas above; survival with its band, and the loss below."""
    run = record.run
    assert run is not None
    picture, (above, middle, below) = blank(3, 1, size=(6.4, 8.2))
    length, clock = record.parameters["length"], run.clock
    place, band = run.mean().value / length, run.quantiles((0.1, 0.9)) / length
    near = bool((abs(run.s - run.start[:, None]) < NEAR * length).all())
    if near:
        place, band = (x - run.starts[:, None] / length for x in (place, band))
    survival, (low, high) = run.survival(clock).value, run.survival_band(clock)
    loss = run.mean("loss")
    for i, s in enumerate(run.starts):
        look = {"color": SHADES[i % len(SHADES)], "linestyle": DASHES[i // len(SHADES) % 4]}
        label = f"{s / length:.3g}" if len(run.starts) <= FEW else ""
        _banded(above, clock, place[i], band[0, i], band[1, i], look, label)
        _banded(middle, clock, survival[i], low[i], high[i], look)
        error = 2 * loss.error[i]
        _banded(below, clock, loss.value[i], loss.value[i] - error, loss.value[i] + error, look)
    with house_style():
        for end in [] if near else [run.low.min(), run.high.max()]:
            above.axhline(end / length, color=BLACK, linestyle=":", linewidth=1)
        above.set(ylabel="moved, (s − start) / length" if near else "position s / length")
        above.set_title(_told(record.parameters), loc="left", fontsize=10)
        middle.set(ylabel="share on the way still", ylim=(0, 1.02))
        below.set(ylabel="loss on the path", xlabel=f"cycles of {record.parameters['cycle']} steps")
        for axes, said in (
            (above, "10-90 % of the replicas"),
            (middle, "95 %, bootstrap"),
            (below, "± 2 standard errors"),
        ):
            axes.set_xlim(clock[0], clock[-1])
            axes.annotate(f"band: {said}", (1, 1.01), xycoords="axes fraction", ha="right",
                          fontsize=8, color="#555555")  # fmt: skip
    if len(run.starts) <= FEW:
        legend(above, title="start", loc="center left", bbox_to_anchor=(1.0, 0.5))
    return picture


def _told(asked: "dict[str, Any] | Any") -> str:
    """The algorithm in one line."""
    words = [asked["optimizer"], f"η = {asked['rate']:g}", f"B = {asked['batch']}"]
    if asked["optimizer"] != "sgd":
        words.insert(1, f"β = {asked['momentum']:g}")
    words += [] if asked["noise"] == "minibatch" else [f"{asked['noise']} noise"]
    words += ["level path"] if asked["level"] else []
    return ", ".join(words)


def _banded(
    axes: "Axes", x: Any, y: Any, low: Any, high: Any, look: dict[str, Any], label: str = ""
) -> None:
    curve(axes, x.tolist(), y.tolist(), marker="", label=label, **look)
    with house_style():
        axes.fill_between(x, low, high, color=look["color"], alpha=0.2, linewidth=0)
