"""A training with its state kept on the way; whatever ends it early says what is left."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from ..compare import Interrupted
from ..options import warn
from ..progress import bar, is_shown
from .kept_training import KeptTraining

if TYPE_CHECKING:
    from ...nets.arithmetic import Arithmetic
    from ...nets.problem import Problem
    from ...nets.recipe import Recipe
    from ...nets.training import Trained
    from ...nets.training_state import TrainingState

KEEP_EVERY = 10.0  # seconds


class Lost(click.ClickException):
    """The world ended a training, with a word on what was kept."""

    exit_code = 1


@dataclass
class TrainingTask:
    """What to train, and where its state is kept; ``again``: the words that resume it."""

    problem: "Problem"
    recipe: "Recipe"
    seeds: list[int]
    together: bool | None
    arithmetic: "Arithmetic"
    kept: KeptTraining
    again: str
    epoch: int = 0  # of the state kept last
    later: list[str] = field(default_factory=list)  # words that wait for the bar to end

    def trained(self, state: "TrainingState | None") -> "tuple[Trained, str | None]":
        """The minima, and a line about those descents that did not arrive."""
        from ...nets.training import train
        from ...nets.training_run import Watch
        from ...theory.errors import NotConverged
        from .training_bar import TrainingBar

        if state is not None:
            self._tell(state)
        asked = (self.problem, self.recipe, self.seeds, self.together, self.arithmetic)
        try:
            with self.saying_what_is_kept(), bar("training") as progress:
                moment = TrainingBar(self.problem, progress)
                watch = Watch(self._keep, KEEP_EVERY, moment, self._said)
                found = train(*asked, state, watch)
        except NotConverged as error:
            return error.found, str(error)
        finally:
            for words in self.later:
                click.echo(words, err=True)
        return found, None

    def _said(self, words: str) -> None:
        """Say it now, or after the bar that stands on the line."""
        if is_shown():
            self.later.append(f"warning: {words}")
        else:
            warn(words)

    def _keep(self, state: "TrainingState") -> None:
        first = not self.kept.has_state
        self.kept.keep(state)
        self.epoch = state.epoch
        if first:
            self._tell(state)

    def _tell(self, state: "TrainingState") -> None:
        """One line on how the gradients are computed, and from where."""
        self.epoch = state.epoch
        seconds = {name: f"{1e3 * taken:.3g} ms" for name, taken in state.facts["measured"].items()}
        measured = ", ".join(f"{name} {taken}" for name, taken in seconds.items())
        where = f" from epoch {state.epoch} on" if state.epoch else ""
        count = f"{len(self.seeds)} seed{'s' if len(self.seeds) > 1 else ''}"
        told = f"{count} by way of {state.facts['way']}{where}"
        line = f"{told} (a gradient: {measured})" if measured else told
        if is_shown() and not state.epoch:
            self.later.append(line)
        else:
            click.echo(line, err=True)

    @contextmanager
    def saying_what_is_kept(self) -> Iterator[None]:
        """What ends the block early also says what is left, and how to go on."""
        from ...theory.errors import DomainError

        try:
            yield
        except KeyboardInterrupt:
            msg = f"interrupted{self._what_is_kept()}"
            raise Interrupted(msg) from None
        except MemoryError as error:
            msg = f"not enough memory: {error}{self._what_is_kept()}"
            raise Lost(msg) from None
        except OSError as error:
            msg = f"{error}{self._what_is_kept()}"
            raise Lost(msg) from None
        except DomainError as error:
            if not self.epoch:
                self.kept.remove()
                raise
            kept = f"{str(self.kept.folder)!r} keeps epoch {self.epoch}: remove it to start again"
            msg = f"{error}; {kept}"
            raise DomainError(msg) from None
        except Exception:
            if not self.epoch:
                self.kept.remove()  # nothing worth keeping, as where the user's model fails
            raise

    def _what_is_kept(self) -> str:
        if not self.kept.has_state:
            self.kept.remove()
            return "; nothing is kept yet"
        return f"; epoch {self.epoch} is kept in {self.kept.folder}; to continue: {self.again}"
