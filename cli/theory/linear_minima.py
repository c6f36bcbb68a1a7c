"""Minima of a linear network of two layers: the options that choose them, and their entropy."""

from typing import Any

import click

from ..options import Command, number, numbers
from .hessian_files import Rows, spectrum_numbers

LINEAR_OPTIONS = ("inputs", "hidden", "target_noise", "balance", "seed")


def linear_options(command: Command) -> Command:
    """The teacher's data and the balances of the students."""
    for option in (
        click.option("--seed", type=click.IntRange(0), help="Of the patterns.  [default: 0]"),
        click.option(
            "--balance", type=numbers, metavar="LIST", help="|W2|^2 - |W1|^2.  [default: -8:8:65]"
        ),
        click.option("--target-noise", type=number, metavar="SIGMA", help="[default: 0.0001]"),
        click.option(
            "--hidden", type=click.IntRange(1, 10_000), metavar="N_H", help="[default: 7]"
        ),
        click.option(
            "--inputs", type=click.IntRange(1, 10_000), metavar="N_I", help="[default: 10]"
        ),
    ):
        command = option(command)
    return command


def linear_minima(patterns: int | None, given: dict[str, Any]) -> tuple[dict[str, Any], Rows]:
    """Parameters, and a row for every balance: closed form beside eigenvalues."""
    from ...theory.deep_linear import hessian_trace, teacher_data
    from ...theory.manifold_entropy import minimum_spectrum, rank_one_log_det, rank_one_minimum

    defaults: dict[str, Any] = {
        **{"inputs": 10, "hidden": 7, "target_noise": 1e-4, "balance": numbers("-8:8:65")},
        **{"seed": 0},
    }
    it = {name: value if given[name] is None else given[name] for name, value in defaults.items()}
    it["patterns"] = 5 if patterns is None else patterns
    data = teacher_data(it["inputs"], it["patterns"], it["target_noise"], it["seed"])
    rows = []
    for balance in it["balance"]:
        network = rank_one_minimum(data, it["hidden"], balance)
        spectrum = minimum_spectrum(network, data)
        log_det = rank_one_log_det(data, balance)
        row = {"balance": balance} | spectrum_numbers(spectrum)
        row |= {"entropy": -log_det / (2 * spectrum.dim), "logdet": log_det}
        row |= {"trace": hessian_trace(network, data)}
        rows.append(row | {"logdet_of_eigenvalues": spectrum.log_det.value.item()})
    return {"deep_linear": True} | it, rows
