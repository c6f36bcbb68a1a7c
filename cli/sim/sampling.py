"""Options of a sampled perceptron: what is asked of it, and for how long it is watched."""

import click

from ..options import Command, loads_option, margins_option, numbers
from ..theory.saddle import inverse_temperatures

QUANTITIES = ("overlap", "energy", "entropy", "barrier")


def sizes(text: str) -> list[int]:
    """A list of whole numbers of weights."""
    found = numbers(text)
    for value in found:
        if value != int(value):
            msg = f"sizes must be whole numbers; one is {value:g}."
            raise click.BadParameter(msg)
    return [int(value) for value in found]


def quantities(text: str) -> list[str]:
    """Names of what is measured, in the order of QUANTITIES."""
    asked = text.split(",")
    for name in asked:
        if name not in QUANTITIES:
            msg = f"{name!r} is none of {', '.join(QUANTITIES)}."
            raise click.BadParameter(msg)
    return [name for name in QUANTITIES if name in asked]


OPTIONS = (
    click.option(
        "--model",
        type=click.Choice(["spherical", "binary"]),
        default="spherical",
        show_default=True,
        help="Weights on the sphere |w|^2 = N, or of +1 and -1.",
    ),
    click.option(
        "--setting",
        type=click.Choice(["storage", "teacher"]),
        default="storage",
        show_default=True,
        help="Random labels, or those of a teacher with weights of the same kind.",
    ),
    loads_option,
    margins_option,
    click.option(
        "--energy",
        type=click.Choice(["constraint", "count", "hinge", "quadratic"]),
        default="constraint",
        show_default=True,
        help="What a pattern of stability D < kappa costs: 1, kappa - D, or (kappa - D)**2/2; the "
        "constraint allows none.",
    ),
    click.option(
        "--beta",
        type=inverse_temperatures,
        metavar="LIST",
        help="Inverse temperatures of the energy; inf is the constraint.",
    ),
    click.option(
        "--size",
        type=sizes,
        default="100",
        show_default=True,
        metavar="LIST",
        help="Number of weights N.",
    ),
    click.option(
        "--samples",
        type=click.IntRange(2),
        default=20,
        show_default=True,
        help="Independent sets of patterns, from whose spread errors come.",
    ),
    click.option(
        "--replicas", type=click.IntRange(2), help="Of each sample.  [default: 8; binary 2]"
    ),
    click.option(
        "--sweeps", type=click.IntRange(10), help="Of each replica.  [default: 50; binary 400]"
    ),
    click.option(
        "--burn-in", type=click.IntRange(0), help="Sweeps before these.  [default: 20; binary 400]"
    ),
    click.option(
        "--points",
        type=click.IntRange(4),
        default=10,
        show_default=True,
        help="Temperatures at which an energy is integrated for the entropy.",
    ),
    click.option(
        "--measure",
        type=quantities,
        default="overlap,energy,entropy",
        show_default=True,
        metavar="NAMES",
        help="Of overlap, energy (both always there), entropy, barrier.  Entropy takes an integral "
        "of the energy or of the pressure; the barrier is the error rate half-way between two "
        "solutions (spherical, constraint).",
    ),
    click.option(
        "--sampler",
        type=click.Choice(["billiard", "hit-and-run", "hamiltonian", "langevin"]),
        default="billiard",
        show_default=True,
        help="How spherical weights move; all sample the same law, the first forgets fastest.",
    ),
    click.option(
        "--precision",
        type=click.Choice(["double", "single"]),
        default="double",
        show_default=True,
        help="Of the matrix products in hamiltonian and langevin.",
    ),
    click.option(
        "--extrapolate",
        is_flag=True,
        help="Also rows of infinite size (null in JSON): intercepts of lines in 1/N, from three or "
        "more sizes.",
    ),
    click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True),
    click.option(
        "--threads", type=click.IntRange(1), help="No trace in the result.  [default: all cores]"
    ),
)


def sampling_options(command: Command) -> Command:
    """All of them, from --model to --threads."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
