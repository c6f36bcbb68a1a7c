"""Floating types by name."""

import torch

from ..theory.errors import DomainError

_TYPES = {"float32": torch.float32, "float64": torch.float64}


def floating_type(name: str) -> torch.dtype:
    """The type of that name; DomainError lists the names there are.

    >>> floating_type("float32")
    torch.float32
    """
    if name not in _TYPES:
        msg = f"the dtype must be one of {', '.join(_TYPES)}; it is {name!r}"
        raise DomainError(msg)
    return _TYPES[name]
