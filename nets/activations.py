"""The functions between the layers, by name; smooth ones where a Hessian must exist everywhere."""

from torch import nn

from ..theory.errors import DomainError

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "gelu": nn.GELU,
    "identity": nn.Identity,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
}


def activation(name: str) -> nn.Module:
    """The activation of that name; DomainError lists the names there are.

    >>> activation("relu")
    ReLU()
    """
    if name not in ACTIVATIONS:
        msg = f"there is no activation {name!r}; there are {', '.join(ACTIVATIONS)}"
        raise DomainError(msg)
    return ACTIVATIONS[name]()
