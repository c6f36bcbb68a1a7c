"""What a trained network says: torch inside, float64 NumPy across the border."""

import os
from importlib import import_module
from typing import Any

# Threads that wait for work must not burn the core that does it: on a busy machine spinning costs
# twentyfold.  Read once, when torch loads its thread pool; the user's own setting wins.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# Where each public name lives; looked up on first use, as in ``theory``.
_HOME = {
    "Aligned": "alignment",
    "Arithmetic": "arithmetic",
    "Cycle": "fast_ensemble",
    "CycleResponse": "displacement",
    "DeepLinear": "deep_linear",
    "Descended": "descent",
    "Displacement": "displacement",
    "Evaluation": "evaluation",
    "FoundPath": "paths",
    "Menu": "menu",
    "MenuPath": "auction_path",
    "PRESETS": "presets",
    "PathEvaluation": "path_evaluation",
    "PathResponse": "along_path",
    "PathSettings": "path_methods",
    "Preset": "presets",
    "Problem": "problem",
    "ProjectedSGD": "sgd",
    "Projection": "projection",
    "Recipe": "recipe",
    "RochetNet": "rochet",
    "Trained": "training",
    "TrainingState": "training_state",
    "aligned": "alignment",
    "area_mean": "images",
    "branched": "training_state",
    "crops_and_flips": "images",
    "curvature_spread": "stability",
    "cycle_response": "displacement",
    "descend": "descent",
    "digits": "data",
    "download": "downloads",
    "energy_entropy_network": "energy_entropy",
    "ensemble_answers": "ensembling",
    "evaluate": "evaluation",
    "evaluate_path": "path_evaluation",
    "exit_cycles": "projected",
    "fast_geometric_ensemble": "fast_ensemble",
    "find_path": "paths",
    "flat_parameters": "parameters",
    "hessian_products": "operators",
    "hutchinson_trace": "curvature",
    "initial_parameters": "initial",
    "landscape_profiles": "along_path",
    "largest_eigenvalue": "curvature",
    "losses_and_gradients": "operators",
    "measure_one_step": "deep_linear",
    "menu_of": "menu",
    "menu_parameters": "menu",
    "menu_path": "auction_path",
    "mlp": "models",
    "path_response": "along_path",
    "path_settings": "path_methods",
    "preset": "presets",
    "project_onto_path": "projection",
    "projected_sgd": "projected",
    "read_images": "archives",
    "relax_balance": "deep_linear",
    "resnet": "residual",
    "single_network": "fast_ensemble",
    "train": "training",
    "train_minimum": "minimum",
    "unit_groups": "permutations",
    "wide_resnet": "residual",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
