"""A group of commands that imports only the one that is called."""

from importlib import import_module
from typing import Any

import click


class Hall(click.Group):
    """A group that lists its sub-commands from their names alone and imports the one called.

    rooms: name → (module inside ``package``, its line in the listing); the command is the attribute
    of that name in the module, with _ for -.
    """

    def __init__(
        self, *args: Any, package: str, rooms: dict[str, tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.package, self.rooms = package, rooms
        for name, (_, line) in rooms.items():
            self.add_command(click.Command(name, help=line))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself, imported now."""
        if cmd_name not in self.rooms:
            return super().get_command(ctx, cmd_name)
        module = import_module(f".{self.rooms[cmd_name][0]}", self.package)
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The listing, which imports nothing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.rooms[name][1]) for name in self.list_commands(ctx)])
