"""A command that remembers the words it was called with, to tell how to go on."""

import shlex

import click


class Remembering(click.Command):
    """Keeps the words it was called with, to be able to say them again."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Remember ``args`` before they are understood."""
        ctx.meta["words"] = list(args)
        return super().parse_args(ctx, args)


def going_on(ctx: click.Context) -> str:
    """What the user types to go on: the same words with ``--resume``."""
    words: list[str] = ctx.meta["words"]
    resume = [] if "--resume" in words else ["--resume"]
    return shlex.join([*ctx.command_path.split(), *words, *resume])
