"""What networks are worth alone and together."""

from typing import TYPE_CHECKING, Any

from ..figures import BLUE, GREEN, ORANGE, VERMILION, blank, house_style
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(record: Record) -> "Figure":
    """Loss and merit on the test set over the number of members, and how far they are away.

    On the training set where there is no test set: then loss together alone.
    """
    picture, panels = blank(1, 3, size=(9.6, 3.4))
    rows = [row for row in record.rows if row["kind"] == "member"]
    tested = rows[0]["test_loss"] is not None
    merit = str(record.parameters["metric_name"])
    if tested:
        _panel(panels[0], record, rows, "test_loss", "ensemble_test_loss")
        _panel(panels[1], record, rows, "test_metric", "ensemble_test_metric")
    else:
        _panel(panels[0], record, rows, None, "ensemble_train_loss")
        _panel(panels[1], record, rows, "metric", None)
    kind = "test" if tested else "training"
    panels[0].set_ylabel(f"{kind} loss")
    panels[1].set_ylabel(f"{kind} {merit}")
    with house_style():
        numbers = [row["member"] for row in rows]
        panels[2].plot(numbers, [row["distance"] for row in rows], "o-", color=GREEN)
        panels[2].set_ylabel("distance from the start (length)")
        panels[0].legend()
    panels[1].set_visible(rows[0]["metric"] is not None)
    for axes in panels:
        axes.set_xlabel("members")
        axes.xaxis.get_major_locator().set_params(integer=True)
    return picture


def _panel(
    axes: Any, record: Record, rows: list[Any], alone: str | None, together: str | None
) -> None:
    numbers = [row["member"] for row in rows]
    with house_style():
        if alone is not None and rows[0][alone] is not None:
            axes.plot(numbers, [row[alone] for row in rows], "o", color=ORANGE, label="one alone")
            for row in record.rows:
                if row["kind"] == "single":
                    look = {"color": VERMILION, "ls": "--", "label": "single, equal budget"}
                    axes.axhline(row[alone], **look)
        if together is not None and rows[0][together] is not None:
            axes.plot(numbers, [row[together] for row in rows], "s-", color=BLUE, label="together")
