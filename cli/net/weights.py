"""Weights on disk: safetensors, by name or as the points of a path; nothing is ever unpickled."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ...nets.parameters import Layout

PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin")


def read_tensors(path: Path) -> "dict[str, np.ndarray]":
    """The arrays of a safetensors file; click.UsageError, naming it, for anything else."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    if path.suffix in PICKLES:
        msg = (
            f"{str(path)!r} may hold code and is not read; save the state_dict with "
            "safetensors.torch.save_file."
        )
        raise click.UsageError(msg)
    try:
        return load_file(path)
    except (OSError, SafetensorError, ValueError, TypeError, KeyError) as error:
        msg = f"cannot read {str(path)!r} as safetensors: {error}"
        raise click.UsageError(msg) from None


def write_tensors(
    tensors: "Mapping[str, Tensor]", path: Path, metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors as safetensors at ``path``, which the caller renames."""
    from safetensors.numpy import save

    plain = {name: values.detach().cpu().contiguous().numpy() for name, values in tensors.items()}
    path.write_bytes(save(plain, dict(metadata or {})))


def flat(
    tensors: "Mapping[str, np.ndarray]", layout: "Layout", buffers: set[str], path: Path
) -> "np.ndarray":
    """The named tensors of a file as one vector (P,) of this layout.

    Raises click.UsageError where one is missing, has another shape, is no parameter of the model,
    or is not finite.
    """
    import numpy as np

    for name, shape in zip(layout.names, layout.shapes, strict=True):
        if name not in tensors:
            msg = f"{str(path)!r} lacks the parameter {name!r} of the model."
            raise click.UsageError(msg)
        if tensors[name].shape != tuple(shape):
            msg = (
                f"{name!r} in {str(path)!r} has the shape {tensors[name].shape}; "
                f"that of the model has {tuple(shape)}."
            )
            raise click.UsageError(msg)
    strangers = sorted(tensors.keys() - set(layout.names) - buffers)
    if strangers:
        msg = f"{str(path)!r} has {strangers[0]!r}, which is no parameter of the model."
        raise click.UsageError(msg)
    theta = np.concatenate([tensors[name].reshape(-1) for name in layout.names])
    check_finite(theta, path)
    return theta


def check_finite(values: "np.ndarray", path: Path) -> None:
    """Refuse weights that are no finite numbers."""
    import numpy as np

    if values.dtype.kind != "f" or not np.isfinite(values).all():
        msg = f"the weights in {str(path)!r} must be finite real numbers."
        raise click.UsageError(msg)
