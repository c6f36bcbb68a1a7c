"""Spherical weights in two and three dimensions, on a grid: what a sample says at any temperature.

Another road than any sampler's: every point of the circle or the sphere, with its share of it.
"""

import numpy as np
from enumerated_spins import costs


def grid(size, points):
    """Weights (n, size) with |w|² = size, and the share (n,) of each."""
    if size == 2:
        angle = 2 * np.pi * (np.arange(points) + 0.5) / points
        return np.sqrt(2) * np.stack([np.cos(angle), np.sin(angle)], 1), np.full(points, 1 / points)
    rows = int(np.sqrt(points))
    z = -1 + 2 * (np.arange(rows) + 0.5) / rows  # Archimedes: equal heights, equal areas
    angle = 2 * np.pi * (np.arange(rows) + 0.5) / rows
    z, angle = (each.ravel() for each in np.meshgrid(z, angle))
    ring = np.sqrt(1 - z**2)
    weights = np.stack([ring * np.cos(angle), ring * np.sin(angle), z], 1)
    return np.sqrt(3) * weights, np.full(len(z), 1 / len(z))


def on_a_grid(instance, kappa, energy, beta, points=40_000):
    """overlap, teacher_overlap, energy, error_rate and entropy of one sample of 2 or 3 weights."""
    n = instance.size
    weights, share = grid(n, points)
    stability = weights @ instance.patterns.T / np.sqrt(n)
    total = costs(stability, kappa, energy).sum(axis=1)
    missed = (stability < kappa).mean(axis=1)
    boltzmann = share * (missed == 0 if np.isinf(beta) else np.exp(-beta * total))
    z = boltzmann.sum()
    boltzmann /= z
    mean = boltzmann @ weights
    per_weight = boltzmann @ total / n if np.isfinite(beta) else 0.0
    warmth = beta * per_weight if np.isfinite(beta) else 0.0
    return {
        "overlap": mean @ mean / n,
        "teacher_overlap": np.nan if instance.teacher is None else mean @ instance.teacher / n,
        "energy": per_weight,
        "error_rate": boltzmann @ missed,
        "entropy": np.log(z) / n + warmth,
    }
