"""What the mathematics says: predictions from NumPy and SciPy alone."""

from importlib import import_module
from typing import Any

# Where each public name lives.  Names are looked up on first use, so that a command which needs
# one formula does not pay for the imports of all.
_HOME = {
    "AdiabaticExit": "exit",
    "adiabatic_exit_time": "exit",
    "Chain": "chain",
    "CurvatureAligned": "noise",
    "DomainError": "errors",
    "EntropicError": "errors",
    "Estimate": "estimate",
    "LargeDeviationEntropy": "perceptron.large_deviation",
    "LinearData": "deep_linear",
    "LinearNetwork": "deep_linear",
    "MinibatchSgd": "label_noise",
    "Noise": "noise",
    "NotConverged": "errors",
    "OverlapGap": "perceptron.overlap_gap",
    "Path": "path",
    "Profile": "path",
    "Relaxation": "relaxation",
    "SaddlePoint": "perceptron.saddle",
    "Shape": "expression",
    "SlowDynamics": "slow",
    "Thermal": "noise",
    "TooShort": "errors",
    "Valley": "valley",
    "balance_change": "label_noise",
    "bootstrap_estimate": "estimate",
    "constant": "expression",
    "critical_capacity": "perceptron.saddle",
    "effective_potential": "slow",
    "global_minimum": "deep_linear",
    "half_time": "manifold_flow",
    "hessian_trace": "deep_linear",
    "large_deviation_entropy": "perceptron.large_deviation",
    "mean_estimate": "estimate",
    "mean_exit_time": "relaxation",
    "mean_forces": "slow",
    "mean_position": "fokker_planck",
    "monitoring_shift": "relaxation",
    "nudged_elastic_band": "band",
    "overlap_gap": "perceptron.overlap_gap",
    "preset": "deep_linear",
    "saddle_limit": "perceptron.saddle",
    "saddle_point": "perceptron.saddle",
    "shape": "expression",
    "slow_dynamics": "slow",
    "slow_flow": "manifold_flow",
    "stationary_density": "fokker_planck",
    "stationary_probabilities": "fokker_planck",
    "stationary_square": "fokker_planck",
    "stepwise_flow": "manifold_flow",
    "straight": "path",
    "survival": "fokker_planck",
    "teacher_data": "deep_linear",
    "trace_flow": "manifold_flow",
    "variance_estimate": "estimate",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
