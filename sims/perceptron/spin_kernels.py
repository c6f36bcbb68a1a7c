"""Single spin flips of binary weights, at a ladder of temperatures that trade places.

Turning spin i moves every stability by −w_i kicks[i], where kicks[i, μ] = 2ξ_iμ/√N.  Each spin in
turn is drawn from its law given all others (the heat bath): it turns with probability

    p = 1/(1 + e^{βδ}),   δ what the turn costs,   so that ⟨w_i | the others⟩ = w_i (1 − 2p),

and this mean, in which the draw itself makes no noise, is what magnetisations add up.  Neighbours
at β < β′ trade their weights with probability min(1, exp[(β′ − β)(E′ − E)]).  β = ∞ is allowed.
"""

from typing import Any

import numpy as np

from .compiled import compiled

COUNT, HINGE, QUADRATIC = 0, 1, 2
KINDS = {"count": COUNT, "hinge": HINGE, "quadratic": QUADRATIC}
_SUMS = {"reassoc", "contract", "nsz"}  # sums in any order, which lets them run in parallel
_NEVER = 700.0  # e^700 is a float still


@compiled(fastmath=_SUMS)
def _cost(h, kicks, i, turn, kappa, kind) -> Any:  # type: ignore[no-untyped-def]
    """Energy of the stabilities h − turn · kicks[i]; turn = 0 is where they are."""
    total = 0.0
    if kind == COUNT:
        missed = np.int32(0)
        for m in range(h.size):
            missed += np.int32(h[m] - turn * kicks[i, m] < kappa)
        total = float(missed)
    elif kind == HINGE:
        for m in range(h.size):
            total += max(kappa - h[m] + turn * kicks[i, m], 0.0)
    else:
        for m in range(h.size):
            short = max(kappa - h[m] + turn * kicks[i, m], 0.0)
            total += 0.5 * short * short
    return total


@compiled()
def _sweep(rng, w, h, energy, kicks, kappa, kind, beta, mean) -> Any:  # type: ignore[no-untyped-def]
    """Draw every spin once; adds to ``mean``, changes w and h; the energy, and how many turned."""
    number = 0
    for i in range(w.size):
        turned = _cost(h, kicks, i, w[i], kappa, kind)
        p = 0.5
        if turned != energy:  # β = ∞ times nothing is no number
            p = 1.0 / (1.0 + np.exp(min(beta * (turned - energy), _NEVER)))
        mean[i] += w[i] * (1.0 - 2.0 * p)
        if rng.random() < p:
            for m in range(h.size):
                h[m] -= w[i] * kicks[i, m]
            w[i] = -w[i]
            energy = turned
            number += 1
    return energy, number


@compiled()
def _trade(rng, at, energy, beta, first, traded) -> None:  # type: ignore[no-untyped-def]
    """Let the neighbours (first, first + 1), (first + 2, first + 3), … trade places."""
    for k in range(first, beta.size - 1, 2):
        rise = energy[at[k + 1]] - energy[at[k]]
        u = rng.random()
        if rise >= 0.0 or u < np.exp((beta[k + 1] - beta[k]) * rise):
            at[k], at[k + 1] = at[k + 1], at[k]
            traded[k] += 1.0


@compiled()
def _explore(  # type: ignore[no-untyped-def]
    rng, w, h, at, kicks, lean, kappa, kind, beta, means, sums, traded, energies, leanings
) -> None:
    """Sweep all rungs of the ladder and let them trade after each sweep.

    w: (rungs, N), h: (rungs, P), in places that ``at`` gives by rung.  lean: (N,), a direction to
    watch.  Added to: means (rungs, N); sums (3, rungs) of spins turned, patterns missed and sweeps
    that ended without a pattern missed; traded (rungs − 1,).  Filled in, one column a sweep:
    energies and leanings (rungs, sweeps), of Σ v and lean·w.
    """
    energy = np.zeros(beta.size)
    for j in range(beta.size):
        energy[j] = _cost(h[j], kicks, 0, 0.0, kappa, kind)
    for n in range(energies.shape[1]):
        for k in range(beta.size):
            j = at[k]
            energy[j], turned = _sweep(
                rng, w[j], h[j], energy[j], kicks, kappa, kind, beta[k], means[k]
            )
            missed = _cost(h[j], kicks, 0, 0.0, kappa, COUNT)
            sums[0, k] += turned
            sums[1, k] += missed
            sums[2, k] += missed == 0.0
            energies[k, n] = energy[j]
            leanings[k, n] = np.dot(lean, w[j])
        _trade(rng, at, energy, beta, n % 2, traded)
