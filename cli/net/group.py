"""``entropic net`` names its commands; each wakes when it is called."""

import click

from ..hall import Hall


@click.group(
    cls=Hall,
    package=__package__,
    invoke_without_command=True,
    rooms={},
)
@click.pass_context
def net(ctx: click.Context) -> None:
    """Measure networks: minima, low-loss paths, curvature and gradient noise along them.

    Every command reads the folder that the one before it wrote, and takes yours instead.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
