"""What a trained network says: torch inside, float64 NumPy across the border."""

import os
from importlib import import_module
from typing import Any

# Threads that wait for work must not burn the core that does it: on a busy machine spinning costs
# twentyfold.  Read once, when torch loads its thread pool; the user's own setting wins.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# Where each public name lives; looked up on first use, as in ``theory``.
_HOME = {
    "Arithmetic": "arithmetic",
    "Branching": "branching",
    "Carried": "profile",
    "CurvatureSettings": "curvature_settings",
    "CurvatureTable": "curvature_profile",
    "CycleResponse": "displacement",
    "DeepLinear": "deep_linear",
    "Descended": "descent",
    "Displacement": "displacement",
    "EigenPairs": "eigenpairs",
    "Evaluation": "evaluation",
    "GradientNoise": "gradient_noise",
    "Hessian": "hessian",
    "LineProfile": "barriers",
    "LineSettings": "branching",
    "LogDet": "log_determinant",
    "Matrix": "matrix",
    "NoiseAlignment": "noise_alignment",
    "NoiseExponent": "noise_alignment",
    "NoiseSampling": "noise_along_path",
    "NoiseTable": "noise_along_path",
    "PRESETS": "presets",
    "PathCurvature": "curvature_profile",
    "PathResponse": "along_path",
    "PointCurvature": "profile",
    "Polyline": "polyline",
    "Preset": "presets",
    "Problem": "problem",
    "ProjectedSGD": "sgd",
    "Recipe": "recipe",
    "ScoreMatrix": "scores",
    "SpectralDensity": "density",
    "Temperature": "temperature",
    "Trained": "training",
    "TrainingState": "training_state",
    "branched": "training_state",
    "branchings": "branching",
    "curvature_at": "profile",
    "curvature_spread": "stability",
    "cycle_response": "displacement",
    "descend": "descent",
    "digits": "data",
    "evaluate": "evaluation",
    "excess_kurtosis": "tails",
    "exit_cycles": "projected",
    "fisher_trace": "scores",
    "flat_parameters": "parameters",
    "hessian_alignment": "noise_alignment",
    "hessian_products": "operators",
    "hutchinson_trace": "curvature",
    "initial_parameters": "initial",
    "landscape_profiles": "path_profiles",
    "largest_eigenvalue": "curvature",
    "leading_pairs": "eigenpairs",
    "line_profile": "barriers",
    "log_det": "log_determinant",
    "losses_and_gradients": "operators",
    "measure_noise": "noise_sampling",
    "measure_one_step": "deep_linear",
    "minibatch_factor": "gradient_noise",
    "minima_curvature": "curvature_profile",
    "minima_noise": "noise_along_path",
    "mlp": "models",
    "noise_at": "noise_along_path",
    "noise_exponent": "noise_alignment",
    "path_curvature": "curvature_profile",
    "path_noise": "noise_along_path",
    "path_response": "along_path",
    "power_iteration": "eigenpairs",
    "preset": "presets",
    "projected_sgd": "projected",
    "relax_balance": "deep_linear",
    "score_directions": "scores",
    "score_matrix": "scores",
    "spectral_density": "density",
    "tail_index": "tails",
    "trace": "traces",
    "train": "training",
    "train_minimum": "minimum",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
