"""``entropic theory`` names its commands; each wakes when it is called."""

import click

from ..hall import Hall


@click.group(
    cls=Hall,
    package=__package__,
    invoke_without_command=True,
    rooms={
        "barrier": ("barrier", "Errors on the geodesic between two solutions (spherical)."),
        "capacity": ("capacity", "Load beyond which the perceptron has no solution."),
        "derive": ("derive", "Free entropy and saddle equations of the perceptron, derived."),
        "entropy": ("entropy", "Entropy of a minimum from the eigenvalues of its Hessian."),
        "figure": ("figure", "Redraw a figure of the review on the perceptron."),
        "local-entropy": ("local_entropy", "Solutions at a distance from a typical one."),
        "max-margin": ("max_margin", "Largest margin that the perceptron can keep."),
        "overlap-gap": ("overlap_gap", "Loads from which m solutions cannot overlap at will."),
        "potential": ("potential", "Effective potential of the slow coordinate and its force."),
        "relaxation": ("relaxation", "Mean time until the slow coordinate leaves."),
        "saddle": ("saddle", "Typical solutions of the perceptron (replica symmetry)."),
        "stability": ("stability", "Load at which replica symmetry becomes unstable."),
        "thresholds": ("thresholds", "Where the landscape around binary solutions changes."),
    },
)
@click.pass_context
def theory(ctx: click.Context) -> None:
    """Predict: saddle points, capacities, effective potentials, relaxation times.

    A LIST is 1,2,3 or start:stop:num (both ends included) or one number.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
