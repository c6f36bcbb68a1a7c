"""``entropic theory`` names its commands; each wakes when it is called."""

import click

from ..hall import Hall


@click.group(
    cls=Hall,
    package=__package__,
    invoke_without_command=True,
    rooms={
        "overlap-gap": ("overlap_gap", "Loads from which m solutions cannot overlap at will."),
        "potential": ("potential", "Effective potential of the slow coordinate and its force."),
        "relaxation": ("relaxation", "Mean time until the slow coordinate leaves."),
        "saddle": ("saddle", "Typical solutions of the perceptron (replica symmetry)."),
    },
)
@click.pass_context
def theory(ctx: click.Context) -> None:
    """Predict: saddle points, effective potentials, relaxation times.

    A LIST is 1,2,3 or start:stop:num (both ends included) or one number.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
