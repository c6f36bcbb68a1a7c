"""What a computer experiment says."""

from importlib import import_module
from typing import Any

# Where each public name lives.  Names are looked up on first use, so that Numba wakes only for
# what walks.
_HOME = {
    "Course": "averages",
    "Descent": "perceptron.dynamics",
    "Extrapolation": "perceptron.finite_size",
    "FirstPassage": "censored",
    "Integrated": "perceptron.integration",
    "Langevin": "langevin",
    "MeasuredBarrier": "perceptron.geodesic",
    "Observation": "averages",
    "PerceptronMeasurement": "perceptron.measured",
    "Unfinished": "exits",
    "binary_measurement": "perceptron.flips",
    "binary_measurements": "perceptron.flips",
    "descent": "perceptron.dynamics",
    "exit_time": "exits",
    "extrapolated": "perceptron.finite_size",
    "first_passage": "passage",
    "integration_points": "perceptron.integration",
    "measured_barrier": "perceptron.geodesic",
    "observe": "observation",
    "partial_observation": "unfinished",
    "partial_passage": "passage",
    "spherical_measurement": "perceptron.spherical",
    "spherical_measurements": "perceptron.spherical",
    "stationary": "exits",
    "thermodynamic_integration": "perceptron.integration",
}
__all__ = sorted(_HOME)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
