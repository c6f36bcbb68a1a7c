"""``entropic sim`` names its commands; each wakes when it is called."""

import click

from ..hall import Hall


@click.group(
    cls=Hall,
    package=__package__,
    invoke_without_command=True,
    rooms={
        "langevin": ("langevin", "Ensembles of Langevin walks: exit times, averages at rest."),
        "perceptron": ("perceptron", "Perceptrons of finite size: overlap, energy, entropy."),
    },
)
@click.pass_context
def sim(ctx: click.Context) -> None:
    """Simulate: Langevin ensembles, perceptrons.

    A LIST is 1,2,3 or start:stop:num (both ends included) or one number.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
