"""What a trained network says: torch inside, float64 NumPy across the border."""

import os
from importlib import import_module
from typing import Any

# Threads that wait for work must not burn the core that does it: on a busy machine spinning costs
# twentyfold.  Read once, when torch loads its thread pool; the user's own setting wins.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# Where each public name lives; looked up on first use, as in ``theory``.
_HOME = {
    "CycleResponse": "displacement",
    "DeepLinear": "deep_linear",
    "Displacement": "displacement",
    "Evaluation": "evaluation",
    "FoundPath": "paths",
    "PRESETS": "presets",
    "PathEvaluation": "path_evaluation",
    "PathResponse": "along_path",
    "PathSettings": "path_methods",
    "Preset": "presets",
    "Problem": "problem",
    "ProjectedSGD": "sgd",
    "Projection": "projection",
    "Recipe": "recipe",
    "curvature_spread": "stability",
    "cycle_response": "displacement",
    "digits": "data",
    "evaluate": "evaluation",
    "evaluate_path": "path_evaluation",
    "exit_cycles": "projected",
    "find_path": "paths",
    "flat_parameters": "parameters",
    "hessian_products": "operators",
    "hutchinson_trace": "curvature",
    "initial_parameters": "initial",
    "landscape_profiles": "along_path",
    "largest_eigenvalue": "curvature",
    "losses_and_gradients": "operators",
    "measure_one_step": "deep_linear",
    "mlp": "models",
    "path_response": "along_path",
    "path_settings": "path_methods",
    "preset": "presets",
    "project_onto_path": "projection",
    "projected_sgd": "projected",
    "relax_balance": "deep_linear",
    "train_minimum": "training",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
