"""A run of ``entropic sim langevin``: what was asked, and what is known while it goes on."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from ..progress import bar
from . import kept_state

if TYPE_CHECKING:
    from ...sims.averages import Observation
    from ...sims.censored import FirstPassage
    from ...sims.langevin import Langevin
    from .kept_state import KeptState


@dataclass
class Walk:
    """A run, and what is known of it while it goes on.

    schedule: where walks start and end, how long, how often they are looked at.  done: the fraction
    that is.  last: the state when the run was kept last.  passage: what became of trajectories that
    leave, once it is known.
    """

    langevin: "Langevin"
    quantity: str
    schedule: Mapping[str, Any]
    threads: int | None
    done: float = 0.0
    last: Mapping[str, Any] | None = None
    passage: "FirstPassage | None" = field(default=None, init=False)

    def rows(self, kept: "KeptState | None", state: Mapping[str, Any] | None) -> list[Any]:
        """Walk to the end, from the start or from a kept state."""
        from ...theory.errors import DomainError

        def keep(state: Mapping[str, Any]) -> None:
            self.last = state
            if kept is not None:
                kept.keep(state)

        every = math.inf if kept is None else kept_state.KEEP_EVERY
        with bar("langevin") as progress:

            def heard(fraction: float) -> None:
                self.done = fraction
                progress(self.quantity.replace("-", " "), fraction)

            rules = {"threads": self.threads, "progress": heard, "keep": keep}
            try:
                found = self._run(rules | {"keep_every": every, "resume": state})
            except DomainError:
                if kept is not None and self.last is not None:
                    kept.remove()  # it would break down there again
                raise
        return self.rows_of(found)

    def _run(self, rules: dict[str, Any]) -> "FirstPassage | Observation":
        from ...sims.observation import observe
        from ...sims.passage import first_passage

        asked = dict(self.schedule)
        start, reflect = asked.pop("start"), asked.pop("reflect")
        if "absorb" in asked:
            if len(reflect) > 1:
                msg = "--reflect is one mirror, opposite a single absorbing end."
                raise click.UsageError(msg)
            asked.pop("survival", None)
            rules |= {"max_steps": asked.pop("steps"), "reflect": reflect[0] if reflect else None}
            return first_passage(self.langevin, start, **asked, **rules)
        for old, new in (
            *(("histogram", "edges"), ("course", "time_bins")),
            ("autocorrelation", "lags"),
        ):
            if old in asked:
                asked[new] = asked.pop(old)
        rules |= {"reflect": tuple(reflect) or None}
        return observe(self.langevin, start=start[0], **asked, **rules)

    def rows_of(self, found: "FirstPassage | Observation") -> list[Any]:
        """The rows of the quantity that was asked for."""
        from ...sims.averages import Observation
        from .langevin_rows import OBSERVED, passage_rows, survival_rows

        if isinstance(found, Observation):
            return OBSERVED[self.quantity](found)
        self.passage = found
        if self.quantity == "measured-survival":
            return survival_rows(found, self.schedule["survival"])
        return passage_rows(found)

    def partial_rows(self) -> list[Any]:
        """What the last state says, of a run that was cut; none if that is nothing."""
        from ...sims.passage import partial_passage
        from ...sims.unfinished import partial_observation
        from ...theory.errors import TooShort

        if self.last is None:
            return []
        part: Callable[[Mapping[str, Any]], Any] = (
            partial_passage if "absorb" in self.schedule else partial_observation
        )
        try:
            return self.rows_of(part(self.last))
        except TooShort:
            return []
