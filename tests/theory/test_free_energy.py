import math

import numpy as np
import pytest
from scipy.integrate import dblquad, quad
from scipy.stats import multivariate_normal

from entropic.theory import (
    AboveFloor,
    AboveMostNegative,
    DomainError,
    Estimate,
    FreeEnergy,
    LossConvention,
    TopRank,
    WholeSpectrum,
    clean_eigenvalues,
    decay_energy,
    entropy_difference,
    hessian_entropy,
    internal_energy,
    lanczos_log_det,
    laplace_log_evidence,
    matrix_spectrum,
    symmetric_operator,
)


class Regression:
    """Targets y = Xθ + noise of variance σ² with the prior θ ~ N(0, 1/λ): all is Gaussian."""

    def __init__(self, patterns: int, weights: int, decay: float, variance: float, seed: int):
        rng = np.random.default_rng(seed)
        self.x = rng.normal(size=(patterns, weights))
        self.y = self.x @ rng.normal(size=weights) + rng.normal(size=patterns)
        self.decay, self.variance = decay, variance
        self.patterns, self.weights = patterns, weights

    def exponent(self, theta: np.ndarray) -> float:
        """−ln of likelihood times prior, without their norms."""
        misses = self.x @ theta - self.y
        return misses @ misses / (2 * self.variance) + self.decay * theta @ theta / 2

    def minimum(self):
        """u, h, the spectrum of u + h/α, and the weights, at the minimum."""
        x, ridge = self.x, self.decay * self.variance
        theta = np.linalg.solve(x.T @ x + ridge * np.eye(self.weights), x.T @ self.y)
        curvature = x.T @ x / self.variance + self.decay * np.eye(self.weights)
        u = internal_energy(x @ theta - self.y, self.variance)
        h = decay_energy(theta @ theta, self.decay, self.weights)
        return u, h, matrix_spectrum(curvature / self.patterns, WholeSpectrum()), theta

    def log_integral(self) -> float:
        """ln ∫ dθ exp(−exponent) as the free energy has it, −PF + ½N ln(2π/P)."""
        u, h, spectrum, _ = self.minimum()
        load = self.patterns / self.weights
        free = FreeEnergy(u, h, hessian_entropy(spectrum), load).total.value
        return -self.patterns * free + 0.5 * self.weights * math.log(2 * math.pi / self.patterns)

    def log_evidence(self) -> float:
        """The targets are Gaussian with covariance σ² + XXᵀ/λ: P numbers, no weights."""
        covariance = self.variance * np.eye(self.patterns) + self.x @ self.x.T / self.decay
        return multivariate_normal(np.zeros(self.patterns), covariance).logpdf(self.y)


@pytest.mark.parametrize(("patterns", "weights"), [(12, 3), (4, 9), (1, 1)])
def test_the_free_energy_of_a_linear_model_is_its_exact_evidence(patterns, weights):
    model = Regression(patterns, weights, decay=0.7, variance=0.4, seed=patterns)
    u, h, spectrum, _ = model.minimum()
    found = laplace_log_evidence(
        u, h, spectrum, patterns=patterns, decay=model.decay, noise_variance=model.variance
    )
    assert found.value == pytest.approx(model.log_evidence(), rel=1e-12)
    assert found.error == 0


def test_the_free_energy_is_the_integral_over_all_weights():
    model = Regression(5, 2, decay=0.3, variance=1.5, seed=3)
    centre = model.minimum()[3]
    least = model.exponent(centre)

    def weight(a: float, b: float) -> float:
        return math.exp(least - model.exponent(centre + np.array([a, b])))

    mass = dblquad(weight, -8, 8, -8, 8, epsabs=1e-9, epsrel=1e-9)[0]
    assert model.log_integral() == pytest.approx(math.log(mass) - least, rel=1e-8)


def test_energy_is_minus_the_slope_of_the_log_integral_in_the_inverse_temperature():
    """At β times the exponent <A> = −∂ ln Z/∂β = A* + N/2β, and S = ln Z + β<A> has s in it."""
    patterns, weights, width = 6, 4, 1e-4

    def log_z(beta: float) -> float:
        return Regression(patterns, weights, 0.5 * beta, 0.8 / beta, seed=4).log_integral()

    model = Regression(patterns, weights, 0.5, 0.8, seed=4)
    _, _, spectrum, theta = model.minimum()
    mean = -(log_z(1 + width) - log_z(1 - width)) / (2 * width)
    assert mean == pytest.approx(model.exponent(theta) + weights / 2, rel=1e-7)
    thermal = log_z(1) + mean
    s = hessian_entropy(spectrum).value
    assert thermal / weights == pytest.approx(
        s + 0.5 * math.log(2 * math.pi * math.e / patterns), rel=1e-6
    )


def test_beyond_a_quadratic_loss_the_integral_is_right_to_leading_order_in_one_over_p():
    """u = ½θ² + ¼θ⁴ gives −3/(4P) at next order, as <¼Pθ⁴> = ¾/P."""
    misses = []
    for patterns in (50, 100, 200):
        mass = quad(lambda t, p=patterns: math.exp(-p * (t**2 / 2 + t**4 / 4)), -4, 4)[0]
        nothing = Estimate(0.0, 0.0, "by hand")
        s = hessian_entropy(clean_eigenvalues([1.0], WholeSpectrum()))
        free = FreeEnergy(nothing, nothing, s, load=patterns).total.value
        misses.append(math.log(mass) + patterns * free - 0.5 * math.log(2 * math.pi / patterns))
    assert misses[2] * 200 == pytest.approx(-0.75, rel=0.02)
    assert math.log2(misses[0] / misses[2]) / 2 == pytest.approx(1, abs=0.05)


def test_a_wide_shallow_minimum_wins_when_patterns_are_few():
    def total(u: float, eigenvalue: float, load: float) -> float:
        zero = Estimate(0.0, 0.0, "by hand")
        s = hessian_entropy(clean_eigenvalues([eigenvalue], WholeSpectrum()))
        return float(FreeEnergy(Estimate(u, 0.0, "by hand"), zero, s, load).total.value)

    crossing = 0.5 * math.log(100) / (0.2 - 0.1)  # u + ln λ/2α alike for both
    for load, wide_wins in ((0.9 * crossing, True), (1.1 * crossing, False)):
        assert (total(0.2, 1.0, load) < total(0.1, 100.0, load)) is wide_wins


def test_errors_of_the_parts_add_in_quadrature_at_their_weights():
    free = FreeEnergy(
        Estimate(1.0, 0.3, "sgd"), Estimate(0.5, 0.0, "theory"), Estimate(2.0, 0.2, "lanczos"), 0.5
    )
    assert free.temperature == 2
    assert free.total.value == pytest.approx(1 + 2 * (0.5 - 2))
    assert free.total.error == pytest.approx(0.5)
    assert free.total.origin == "sgd + theory + lanczos"


def test_the_entropy_of_an_estimated_log_determinant_carries_its_error():
    slope = np.linspace(1, 2, 60)
    operator = symmetric_operator(lambda v: slope * v, 60)
    estimated = lanczos_log_det(operator, 0.5, probes=32, steps=60, deflate=0)
    found = hessian_entropy(estimated)
    exact = hessian_entropy(clean_eigenvalues(slope, AboveFloor(0.5)))
    assert found.error == estimated.log_det.error / 120
    assert abs(found.value - exact.value) < 4 * found.error + 1e-12
    assert found.origin == "lanczos"


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("factor", [0.5, 1.0])
def test_every_convention_of_the_loss_leads_to_the_same_entropy_and_energy(reduction, factor):
    rng, variance, patterns = np.random.default_rng(5), 0.3, 10
    x, misses = rng.normal(size=(patterns, 4)), rng.normal(size=patterns)
    ours = {"mean": 1 / patterns, "sum": 1.0}[reduction] * factor
    convention = LossConvention(reduction=reduction, factor=factor, noise_variance=variance)
    ratio = convention.energy_per_loss(patterns)
    users = matrix_spectrum(2 * ours * x.T @ x, AboveMostNegative())
    canonical = matrix_spectrum(x.T @ x / (patterns * variance), AboveMostNegative())
    s = hessian_entropy(canonical).value
    assert hessian_entropy(users.scaled(ratio)).value == pytest.approx(s)
    assert hessian_entropy(users).value - s == pytest.approx(0.5 * math.log(ratio))
    u = internal_energy(misses, variance).value
    assert ours * misses @ misses * ratio == pytest.approx(u)


def test_entropies_can_be_subtracted_only_over_equally_many_directions():
    first = clean_eigenvalues([4.0, 1.0, 0.1], AboveFloor(0.5))
    second = clean_eigenvalues([9.0, 2.0, 1.0], AboveFloor(0.5))
    with pytest.raises(DomainError, match="they keep 2, 3: compare the top 2"):
        entropy_difference(first, second)
    gap = entropy_difference(first, second.top(2))
    assert gap.value == pytest.approx(math.log(18 / 4) / 6)
    rescaled = entropy_difference(first.scaled(7.0), second.top(2).scaled(7.0))
    assert rescaled.value == pytest.approx(gap.value)
    with pytest.raises(DomainError, match="equally many weights; they have 3, 4"):
        entropy_difference(first, clean_eigenvalues([1.0, 1.0, 1.0, 1.0], TopRank(2)))


def test_other_coordinates_change_an_entropy_unless_the_measure_goes_along():
    """θ = φ³: H becomes (3φ²)² H at a minimum, and a flat measure in θ is 3φ² dφ in φ."""
    places, stiffness = np.array([1.0, 2.0]), 5.0
    jacobian = 3 * places ** (2 * 1.0)
    here = clean_eigenvalues([stiffness], WholeSpectrum())
    shifts = [
        entropy_difference(clean_eigenvalues([stiffness * j**2], WholeSpectrum()), here).value
        for j in jacobian
    ]
    assert shifts == pytest.approx(-np.log(jacobian))
    assert shifts[0] - shifts[1] == pytest.approx(math.log(4))  # also between two minima


def test_a_hand_computed_energy():
    assert internal_energy([1.0, 2.0], [0.5, 2.0]).value == pytest.approx((1 + 1) / 2)


def test_questions_without_an_answer_are_refused():
    one = clean_eigenvalues([2.0, 1.0], TopRank(1))
    zero = Estimate(0.0, 0.0, "by hand")
    with pytest.raises(DomainError, match="needs all 2 directions; the spectrum keeps 1"):
        laplace_log_evidence(zero, zero, one, patterns=3, decay=1.0, noise_variance=1.0)
    whole = clean_eigenvalues([2.0, 1.0], TopRank(2))
    with pytest.raises(DomainError, match="need a positive decay and noise variance; .* 0, 1"):
        laplace_log_evidence(zero, zero, whole, patterns=3, decay=0.0, noise_variance=1.0)
    with pytest.raises(DomainError, match="patterns must be a whole number from 1; it is 0"):
        laplace_log_evidence(zero, zero, whole, patterns=0, decay=1.0, noise_variance=1.0)
    with pytest.raises(DomainError, match="load P/N must be a positive number; it is 0"):
        FreeEnergy(zero, zero, zero, 0.0)
    with pytest.raises(DomainError, match="reduction must be 'mean' or 'sum'; it is 'max'"):
        LossConvention(reduction="max")
    with pytest.raises(DomainError, match="must be positive; they are 0, 1"):
        LossConvention(reduction="mean", factor=0.0)
    with pytest.raises(DomainError, match=r"residuals must be \(P,\).*\(0,\), \(\)"):
        internal_energy([])
    with pytest.raises(DomainError, match="finite and noise variances positive"):
        internal_energy([1.0], 0.0)
    with pytest.raises(DomainError, match="must not be negative and N at least 1; .* -1, 1, 2"):
        decay_energy(-1.0, 1.0, 2)
