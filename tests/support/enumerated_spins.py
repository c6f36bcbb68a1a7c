"""All 2^N weights ±1, one by one: what a sample of patterns says exactly, at any temperature."""

from itertools import product

import numpy as np


def costs(stability, kappa, energy):
    """Energy of every pattern."""
    short = np.maximum(kappa - stability, 0.0)
    return {"count": 1.0 * (stability < kappa), "hinge": short, "quadratic": 0.5 * short**2}[energy]


def enumerated(instance, kappa, energy, beta):
    """overlap, teacher_overlap, energy, error_rate and entropy of one sample."""
    n = instance.size
    weights = np.array(list(product((-1.0, 1.0), repeat=n)))
    stability = weights @ instance.patterns.T / np.sqrt(n)
    total = costs(stability, kappa, energy).sum(axis=1)
    missed = (stability < kappa).mean(axis=1)
    boltzmann = 1.0 * (missed == 0) if np.isinf(beta) else np.exp(-beta * total)
    share = boltzmann / boltzmann.sum()
    mean = share @ weights
    filled = share[share > 0]
    return {
        "overlap": mean @ mean / n,
        "teacher_overlap": np.nan if instance.teacher is None else mean @ instance.teacher / n,
        "energy": share @ total / n if np.isfinite(beta) else 0.0,
        "error_rate": share @ missed,
        "entropy": -(filled * np.log(filled)).sum() / n,
    }
