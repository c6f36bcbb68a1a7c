"""``entropic net`` names its commands; each wakes when it is called."""

import click

from ..hall import Hall


@click.group(
    cls=Hall,
    package=__package__,
    invoke_without_command=True,
    rooms={
        "ensemble": ("ensemble", "Several networks that answer together."),
        "experiment": ("experiment", "The experiments of the source papers, repeated."),
        "presets": ("presets", "The problems that have a name."),
        "branch": ("branch", "Branch trainings: when noise stops deciding where they end."),
        "noise": ("noise", "Gradient noise along a path: strength, alignment, temperature."),
        "curvature": ("curvature", "Curvature of the loss along a path, or at minima."),
        "train": ("train", "Train networks from several seeds: the minima to begin with."),
        "path": ("path", "A path of low loss between two minima."),
        "relax": ("relax", "Projected SGD along a path: s(t), first passages, survival."),
    },
)
@click.pass_context
def net(ctx: click.Context) -> None:
    """Measure networks: minima, low-loss paths, curvature and gradient noise along them.

    Every command reads the folder that the one before it wrote, and takes yours instead.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
