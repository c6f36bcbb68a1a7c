"""Which channels of a network may change places: found by following them through the module.

Every layer makes units, one per output channel.  A value inside the network is followed as an array
of labels that says whose unit stands where: shape operations move labels as they move numbers,
additions tie the labels that meet, elementwise functions keep them, and each layer notes which of
its parameters' axes they index.  Tied units are one; those that index the same axes equally often
may be permuted, and if every function on their way is odd, their sign may be flipped.

A zero that a shortcut pads ties nothing when it is added: the channels beyond the shortcut stay
free to permute among themselves.

Symbolic tracing (torch.fx) says how values flow; what is not in the tables here is refused by name.
"""

import operator
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.utils._pytree import tree_leaves

from ..theory.errors import DomainError
from .units import FIXED, ZERO, Units

# Names of modules, functions and methods alike, in small letters without underscores.
_ODD = {"tanh", "identity", "dropout", "dropout1d", "dropout2d", "dropout3d", "neg", "contiguous",
        "clone", "softsign", "tanhshrink", "sin", "detach"}  # fmt: skip
_AT_ZERO = {"relu", "relu6", "leakyrelu", "elu", "selu", "celu", "gelu", "silu", "mish", "hardtanh",
            "hardswish", "abs", "square"}  # fmt: skip
_ELSEWHERE = {"sigmoid", "hardsigmoid", "softplus", "logsigmoid", "exp", "cos"}
_SHAPES = {"flatten", "view", "reshape", "getitem", "size", "getattr", "dim", "cat", "permute",
           "transpose", "unsqueeze", "squeeze", "chunk", "split"}  # fmt: skip
_POOLS = {f"{kind}pool{d}d" for kind in ("avg", "adaptiveavg", "max", "adaptivemax")
          for d in (1, 2, 3)}  # fmt: skip
_SUMS = {"add", "iadd", "sub", "isub"}
_PRODUCTS = {"mul", "imul", "truediv", "div"}


class Channels(fx.Interpreter):
    """Runs a module on labels instead of numbers.

    axes: (parameter or buffer, axis) → labels (size of that axis,).  even: those names among them
    that keep their sign when a unit's sign flips.
    """

    def __init__(self, model: nn.Module) -> None:
        try:
            whole = nn.Sequential(model)  # so that a bare layer is a layer too
            graph = fx.Tracer().trace(whole)
        except Exception as cause:  # whatever the user's forward raises on symbols
            msg = f"{type(model).__name__} cannot be traced, so its units are unknown: {cause}"
            raise DomainError(msg) from cause
        super().__init__(fx.GraphModule(whole, graph))
        self.extra_traceback = False
        self.units = Units()
        self.axes: dict[tuple[str, int], Tensor] = {}
        self.even: set[str] = set()
        self._names = {id(p): name for name, p in model.named_parameters()}
        self._names |= {id(b): name for name, b in model.named_buffers()}

    def run_node(self, n: fx.Node) -> Any:
        """One operation of the graph; DomainError where it is not in the tables."""
        self._node = n
        return super().run_node(n)

    def placeholder(self, target: Any, args: Any, kwargs: Any) -> Any:
        """The input: its channels are fixed."""
        return torch.full(super().placeholder(target, args, kwargs).shape, FIXED)  # on the CPU

    def get_attr(self, target: Any, args: Any, kwargs: Any) -> Any:
        """A tensor used outside a layer: a single number scales, all else is refused."""
        value = self.fetch_attr(target)
        return 1.0 if value.numel() == 1 else self._refuse("a tensor outside a layer")

    def output(self, target: Any, args: Any, kwargs: Any) -> Any:
        """The output: its channels are fixed."""
        labels = args[0]
        if not isinstance(labels, Tensor):
            self._refuse("an output that is not one tensor")
        self.units.tie(labels, torch.tensor(FIXED))
        return labels

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        """A function such as ``torch.flatten`` or ``operator.add``."""
        return self._called(_plain(target.__name__), target, args, kwargs)

    def call_method(self, target: Any, args: Any, kwargs: Any) -> Any:
        """A method of a tensor."""
        method = operator.methodcaller(target, *args[1:], **kwargs)
        return self._called(_plain(target), lambda x, *a, **k: method(x), args, kwargs)

    def call_module(self, target: Any, args: Any, kwargs: Any) -> Any:
        """A layer of torch.nn."""
        layer: Any = self.fetch_attr(target)
        labels = args[0]
        if isinstance(layer, nn.Linear):
            return self._mixed(layer, labels, self._along(labels, labels.ndim - 1), -1)
        if isinstance(layer, _ConvNd) and not layer.transposed:
            if layer.groups == 1:
                return self._mixed(layer, labels, self._along(labels, 1), 1)
            if layer.groups == layer.in_channels == layer.out_channels:
                return self._per_channel(layer, labels, like=self._shape_after(layer, labels))
        if isinstance(layer, _BatchNorm):
            return self._per_channel(layer, labels, like=labels)
        return self._called(_plain(type(layer).__name__), layer, args, kwargs)

    def _called(self, kind: str, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        tensors = [value for value in tree_leaves((args, kwargs)) if isinstance(value, Tensor)]
        if kind in _SHAPES or not tensors:
            return call(*args, **kwargs)
        if kind in _SUMS | _PRODUCTS:
            return self._combined(kind, tensors)
        labels = tensors[0]
        if kind in _ODD | _AT_ZERO | _ELSEWHERE:
            return self._elementwise(kind, labels)
        if kind in _POOLS:
            if "max" in kind:
                self.units.not_odd(labels)
            shape = self._shape_after(lambda x: call(x, *args[1:], **kwargs), labels)
            return _spread(self._along(labels, 1), 1, shape)
        if kind == "pad":
            return self._padded(*args, **kwargs)
        if kind == "mean":
            return self._averaged(call, args, kwargs)
        return self._refuse(kind)

    def _elementwise(self, kind: str, labels: Tensor) -> Tensor:
        if kind not in _ODD:
            self.units.not_odd(labels)
        return labels.where(labels != ZERO, FIXED) if kind in _ELSEWHERE else labels

    def _combined(self, kind: str, tensors: list[Tensor]) -> Tensor:
        if len(tensors) == 1:  # with a number: a sum moves zero, a product does not
            return self._elementwise("exp" if kind in _SUMS else "neg", tensors[0])
        one, other = torch.broadcast_tensors(*tensors)  # type: ignore[no-untyped-call]
        self.units.tie(one, other)
        if kind in _PRODUCTS:
            self.units.not_odd(one)
            if bool((one == ZERO).any() | (other == ZERO).any()):
                self._refuse("a product with padded zeros")
        return torch.where(one == ZERO, other, one)

    def _padded(self, labels: Tensor, pad: Any, mode: str = "constant", value: Any = None) -> Any:
        if mode != "constant" or value not in (None, 0, 0.0):
            self._refuse("padding with anything but zeros")
        return nn.functional.pad(labels, pad, value=ZERO)

    def _averaged(self, call: Callable[..., Any], args: Any, kwargs: Any) -> Tensor:
        labels = self.units.roots(args[0]).double()
        mean, square = (call(x, *args[1:], **kwargs) for x in (labels, labels**2))
        if not torch.equal(mean * mean, square):
            self._refuse("a mean over channels")
        return cast("Tensor", mean).long()

    def _mixed(self, layer: Any, labels: Tensor, units: Tensor, axis: int) -> Tensor:
        """A layer whose every output channel depends on all input channels."""
        self._note(layer.weight, 1, units)
        key = (self._name(layer.weight), 0)
        made = self.axes[key] if key in self.axes else self.units.new(len(layer.weight))
        self._note(layer.weight, 0, made)
        if layer.bias is not None:
            self._note(layer.bias, 0, made)
        shape = self._shape_after(layer, labels)
        return _spread(made, axis % len(shape), shape)

    def _per_channel(self, layer: Any, labels: Tensor, like: Any) -> Tensor:
        """A layer that treats every channel on its own: its weight keeps the sign, its bias not."""
        units = self._along(labels, 1)
        units = units.where(units != ZERO, FIXED)
        for name in ("weight", "bias", "running_mean", "running_var"):
            if (values := getattr(layer, name, None)) is not None:
                self._note(values, 0, units)
                if name in ("weight", "running_var"):
                    self.even.add(self._name(values))
        return _spread(units, 1, like if isinstance(like, torch.Size) else like.shape)

    def _note(self, values: Tensor, axis: int, units: Tensor) -> None:
        key = (self._name(values), axis)
        if key in self.axes:
            self.units.tie(self.axes[key], units)
        self.axes[key] = units
        if isinstance(values, nn.Parameter) and not values.requires_grad:
            self.units.tie(units, torch.tensor(FIXED))

    def _name(self, values: Tensor) -> str:
        return self._names[id(values)]

    def _along(self, labels: Tensor, axis: int) -> Tensor:
        """The units along one axis (n,), which must be the same all over the others."""
        rows = self.units.roots(labels).movedim(axis, 0).flatten(1)
        units = rows.amax(1)
        if not bool(((rows == units[:, None]) | (rows == ZERO)).all()):
            self._refuse("a layer across an axis that holds several units")
        return units

    def _shape_after(self, layer: Callable[[Tensor], Tensor], labels: Tensor) -> torch.Size:
        weight = next(self.module.parameters())
        with torch.no_grad():
            return layer(torch.zeros(labels.shape, dtype=weight.dtype, device=weight.device)).shape

    def _refuse(self, what: str) -> Any:
        msg = f"what {what} does to the units, at {self._node.format_node()}, is not known"
        raise DomainError(msg)


def _spread(units: Tensor, axis: int, shape: torch.Size) -> Tensor:
    """Units along one axis as labels of a whole value."""
    where = [1] * len(shape)
    where[axis] = len(units)
    return units.reshape(where).expand(shape)


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
