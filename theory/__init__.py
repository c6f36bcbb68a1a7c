"""What the mathematics says: predictions from NumPy and SciPy alone."""

from importlib import import_module
from typing import Any

# Where each public name lives.  Names are looked up on first use, so that a command which needs
# one formula does not pay for the imports of all.
_HOME = {
    "CurvatureAligned": "noise",
    "DomainError": "errors",
    "EntropicError": "errors",
    "Estimate": "estimate",
    "Noise": "noise",
    "NotConverged": "errors",
    "Relaxation": "relaxation",
    "SaddlePoint": "perceptron.saddle",
    "Shape": "expression",
    "SlowDynamics": "slow",
    "Thermal": "noise",
    "TooShort": "errors",
    "Valley": "valley",
    "bootstrap_estimate": "estimate",
    "constant": "expression",
    "effective_potential": "slow",
    "mean_estimate": "estimate",
    "mean_exit_time": "relaxation",
    "mean_forces": "slow",
    "mean_position": "fokker_planck",
    "monitoring_shift": "relaxation",
    "saddle_point": "perceptron.saddle",
    "shape": "expression",
    "slow_dynamics": "slow",
    "stationary_density": "fokker_planck",
    "survival": "fokker_planck",
    "variance_estimate": "estimate",
}
__all__ = sorted(_HOME)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
