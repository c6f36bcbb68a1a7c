"""The linear map of every integrator written out, and where SciPy says that it comes to rest."""

import numpy as np
from scipy.linalg import expm, solve_continuous_lyapunov, solve_discrete_lyapunov


def at_rest(
    integrator: str, hessian: np.ndarray, covariance: np.ndarray, step: float, momentum: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """⟨x xᵀ⟩ of what is handed out, and of where the force is taken; all (N, N)."""
    n, one = len(hessian), np.eye(len(hessian))
    if step == 0:
        found = solve_continuous_lyapunov(hessian, 2 * covariance)
        return found, found
    kick = 2 * step * covariance
    slope = one - step * hessian
    if integrator == "euler":  # state (x, v)
        map_ = np.block([[slope, momentum * one], [-step * hessian, momentum * one]])
        found = solve_discrete_lyapunov(map_, np.tile(kick, (2, 2)))[:n, :n]
        return found, found
    if integrator == "heun":
        middle = one - 0.5 * step * hessian
        found = solve_discrete_lyapunov(one - step * hessian @ middle, middle @ kick @ middle.T)
        return found, 0.5 * (found + slope @ found @ slope.T + kick)
    if integrator == "leimkuhler-matthews":  # state (x, the noise still half to come)
        map_ = np.block([[slope, 0.5 * one], [0 * one, 0 * one]])
        shaken = np.block([[0.25 * kick, 0.5 * kick], [0.5 * kick, kick]])
        found = solve_discrete_lyapunov(map_, shaken)[:n, :n]
        return found, found
    assert integrator == "exact"  # ∫₀^η e^{−Hs} 2C e^{−Hs} ds by Van Loan's exponential
    block = expm(step * np.block([[-hessian, 2 * covariance], [0 * one, hessian]]))
    decay, noise = block[:n, :n], block[:n, n:] @ block[:n, :n].T
    found = solve_discrete_lyapunov(decay, noise)
    return found, found


def baoab_at_rest(stiffness: float, temperature: float, step: float, friction: float) -> float:
    """⟨x²⟩ of BAOAB with unit mass, state (x, v)."""
    kick = np.array([[1, 0], [-0.5 * step * stiffness, 1]])
    drift = np.array([[1, 0.5 * step], [0, 1]])
    left = np.exp(-friction * step)
    damp = np.diag([1, left])
    noise = np.diag([0, temperature * (1 - left**2)])
    after = kick @ drift
    return solve_discrete_lyapunov(after @ damp @ drift @ kick, after @ noise @ after.T)[0, 0]
