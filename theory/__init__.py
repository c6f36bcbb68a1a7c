"""What the mathematics says: predictions from NumPy and SciPy alone."""

from importlib import import_module
from typing import Any

# Where each public name lives.  Names are looked up on first use, so that a command which needs
# one formula does not pay for the imports of all.
_HOME = {
    "AlgorithmicThresholds": "perceptron.thresholds",
    "BarrierPeak": "perceptron.geodesic",
    "Capacity": "perceptron.capacity",
    "Chain": "chain",
    "CriticalMargins": "perceptron.critical_margins",
    "CrossOverlap": "perceptron.cross_overlap",
    "CurvatureAligned": "noise",
    "Derivation": "symbolic.derivation",
    "DomainError": "errors",
    "EntropicError": "errors",
    "Estimate": "estimate",
    "GeodesicBarrier": "perceptron.geodesic",
    "JammingExponents": "perceptron.jamming_exponents",
    "LandscapeThresholds": "perceptron.thresholds",
    "LargeDeviationEntropy": "perceptron.large_deviation",
    "LinearData": "deep_linear",
    "LinearNetwork": "deep_linear",
    "LocalEntropy": "perceptron.local_entropy",
    "MaxMargin": "perceptron.max_margin",
    "MinibatchSgd": "label_noise",
    "Noise": "noise",
    "NotConverged": "errors",
    "OverlapGap": "perceptron.overlap_gap",
    "Path": "path",
    "Profile": "path",
    "Relaxation": "relaxation",
    "SaddlePoint": "perceptron.saddle_result",
    "Shape": "expression",
    "SlowDynamics": "slow",
    "StabilityLine": "perceptron.stability",
    "Thermal": "noise",
    "TooShort": "errors",
    "Valley": "valley",
    "ValleyExit": "exit",
    "algorithmic_thresholds": "perceptron.thresholds",
    "balance_change": "label_noise",
    "barrier_peak": "perceptron.geodesic",
    "bootstrap_estimate": "estimate",
    "capacity": "perceptron.capacity",
    "constant": "expression",
    "corrected_dynamics": "beyond_adiabatic",
    "critical_capacity": "perceptron.saddle",
    "critical_margins": "perceptron.critical_margins",
    "cross_overlap": "perceptron.cross_overlap",
    "derivation": "symbolic.derivation",
    "effective_potential": "slow",
    "exact_exit_time": "laguerre",
    "geodesic_barrier": "perceptron.geodesic",
    "global_minimum": "deep_linear",
    "half_time": "manifold_flow",
    "hessian_trace": "deep_linear",
    "isolation_distance": "perceptron.thresholds",
    "jamming_exponents": "perceptron.jamming_exponents",
    "landscape_thresholds": "perceptron.thresholds",
    "large_deviation_entropy": "perceptron.large_deviation",
    "late_exit": "end_shifts",
    "leaves_right": "relaxation",
    "local_entropy": "perceptron.local_entropy",
    "max_margin": "perceptron.max_margin",
    "mean_estimate": "estimate",
    "mean_exit_time": "relaxation",
    "mean_forces": "slow",
    "mean_position": "fokker_planck",
    "monitoring_shift": "relaxation",
    "moved_ends": "end_shifts",
    "nudged_elastic_band": "band",
    "overlap_gap": "perceptron.overlap_gap",
    "preset": "deep_linear",
    "saddle_branches": "perceptron.saddle",
    "saddle_limit": "perceptron.saddle",
    "saddle_point": "perceptron.saddle",
    "shape": "expression",
    "slow_dynamics": "slow",
    "slow_flow": "manifold_flow",
    "stability_line": "perceptron.stability",
    "stationary_density": "fokker_planck",
    "stationary_probabilities": "fokker_planck",
    "stationary_square": "fokker_planck",
    "stepwise_flow": "manifold_flow",
    "straight": "path",
    "survival": "fokker_planck",
    "teacher_data": "deep_linear",
    "teacher_limit": "perceptron.teacher_limit",
    "teacher_spinodal": "perceptron.teacher_transition",
    "teacher_transition": "perceptron.teacher_transition",
    "trace_flow": "manifold_flow",
    "valley_exit_time": "exit",
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
