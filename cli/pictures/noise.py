"""Gradient noise along a path, or at minima."""

from typing import TYPE_CHECKING, Any

from ..figures import BLUE, GREEN, ORANGE, VERMILION, blank, curve, from_zero, house_style, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (9.6, 5.6)  # inches
WIDE = 2.0  # standard errors
UNIT = "(loss²/length²)"


def figure(record: Record) -> "Figure":
    """Four panels: strength, spectrum, alignment with the Hessian, noise along the path."""
    picture, axes = blank(2, 2, SIZE)
    along = "s" in record.names
    x = record.column("s") if along else list(range(len(record.rows)))
    strong, shape, aligned, tangent = axes.flat
    _drawn(strong, record, x, "noise_trace", BLUE, "tr C")
    _drawn(strong, record, x, "noise_lambda_max", VERMILION, "$\\lambda_{max}$(C)", dash="--")
    strong.set(ylabel=f"noise variance {UNIT}", yscale="log")
    _drawn(shape, record, x, "participation", BLUE, "(tr C)²/tr C²")
    shape.set(ylabel="directions that share the noise")
    from_zero(shape)
    _drawn(aligned, record, x, "alignment", BLUE, "cosine tr(HC)/|H||C|")
    _drawn(aligned, record, x, "noise_exponent", ORANGE, "exponent γ", dash="--")
    aligned.set(ylabel="alignment with the Hessian")
    from_zero(aligned)
    if along:
        _drawn(tangent, record, x, "t_C_t", GREEN, "t·C·t along the path")
        tangent.set(ylabel=f"noise variance {UNIT}")
        from_zero(tangent)
    else:
        _drawn(tangent, record, x, "noise_stiffness", GREEN, "tr(HC)/tr C")
        tangent.set(ylabel="stiffness met (loss/length²)")
    with house_style():
        for panel in axes.flat:
            panel.set_xlabel("position s along the path (length)" if along else "minimum")
            if not along:
                panel.set_xticks(x, [str(name) for name in record.column("minimum")])
            low, high = panel.get_ylim()
            panel.set_ylim(top=high * (high / low) ** 0.35 if low > 0 else high * 1.25)
            if panel.lines:
                legend(panel, loc="upper center", ncols=2)
    picture.suptitle(_title(record.parameters), fontsize=10)
    return picture


def _drawn(
    axes: "Axes",
    record: Record,
    x: list[float],
    name: str,
    colour: str,
    label: str,
    dash: str = "-",
) -> None:
    """A curve with error bars of two standard errors; nothing where it was not measured."""
    values, errors = record.column(name), record.column(f"{name}_stderr")
    if all(value != value for value in values):
        return
    curve(axes, x, values, color=colour, label=label, linestyle=dash)
    bars = [WIDE * error for error in errors]
    if any(bar > 0 for bar in bars):
        with house_style():
            axes.errorbar(x, values, yerr=bars, fmt="none", ecolor=colour, elinewidth=1, capsize=2)


def _title(parameters: Any) -> str:
    if parameters["measured_from"] == "minibatches":
        how = f"{parameters['minibatches']} minibatches of {parameters['batch']}"
    else:
        how = f"{parameters['samples']} samples"
    problem = parameters["problem"]["reference"]
    return f"Gradient noise of {problem}, from {how} (bars: ± 2 standard errors)"
