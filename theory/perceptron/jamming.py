r"""Where the last solutions of spherical weights vanish when replica symmetry is broken.

The replicas' overlaps q have the distribution x(q).  As the solutions shrink to points, the largest
overlap :math:`q_M \to 1` and :math:`x(q)/(1 - q_M) \to c(q)`, a rising function of q in [0, 1]; the
entropy times :math:`1 - q_M` then tends to :math:`\tfrac12\int dq/\Lambda + \alpha F(0, 0)`, to be
minimised over c.  Solutions exist while that minimum is not negative:

.. math::
    \alpha_c = \min_{c(q)} \frac{\tfrac12\int_0^1 dq/\Lambda(q)}{-F(0, 0)}, \qquad
    \Lambda(q) = 1 + \int_q^1 c(q')\,dq',

    \partial_q F = -\tfrac12\,(F'' + c\,F'^2), \qquad F(1, h) = -\tfrac12\,(\kappa - h)_+^2 .

c = 0 is Gardner's replica symmetry.  Here c is a staircase of k steps: ``gap`` :math:`1 - q_i` at
the beginning of each and its height, and 0 before the first.  Over a step F is the logarithm of a
Gaussian average,

.. math:: F(q_i, h) = \frac1c \ln\int Dz\, e^{c F(q_{i+1},\, h + \sqrt{q_{i+1} - q_i}\,z)} .

Far to the left F is exactly ½x²/Λ below its constant :math:`C = -\tfrac12\int_q^1 dq'/\Lambda`
(with x = h − κ), far to the right it is 0, and both arrive as fast as a Gaussian falls.  Nodes
therefore stand only between, the two tails are error functions, and a step is one matrix of the
probabilities with which h moves on; its transpose carries the density P of h back, and with
:math:`M = \int P F'^2`, :math:`S = \int_0^q dq'/\Lambda^2`

.. math:: \frac{\delta F(0,0)}{\delta c(q)} = \tfrac12 M(q), \qquad
    \frac{\delta}{\delta c(q)}\,\tfrac12\!\int\!\frac{dq'}{\Lambda} = -\tfrac12 S(q) .

The problem is that of S. Franz, G. Parisi, M. Sevelev, P. Urbani and F. Zamponi, SciPost Phys. 2,
019 (2017); the formulas were derived anew, and the tests hold them against quadrature.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import log_ndtr

from ..estimate import Array
from .gaussian import inverse_mills, legendre_panels

NODES = 12  # a panel
CHECK_NODES = 16
TAIL = 8.6  # standard deviations, beyond which F is taken as its limit: a weight of 4e-18


class Load(NamedTuple):
    """The load at which a staircase c(q) lets the last solution vanish, and its logarithm's slopes.

    by_gap, by_height: d ln α by each gap and by each height.
    """

    alpha: float
    by_gap: Array
    by_height: Array


class _Staircase:
    """c(q) and what follows from it alone: k steps, k + 1 ends of steps with that of q = 1 last."""

    def __init__(self, gap: Array, height: Array) -> None:
        self.gap, self.height = gap, height
        self.width = gap - np.append(gap[1:], 0.0)
        self.compliance = np.append(1 + _to_come(height * self.width), 1.0)  # Λ
        falls = np.log(self.compliance[:-1] / self.compliance[1:]) / height
        self.constant = np.append(-0.5 * _to_come(falls), 0.0)  # C
        spread = self.width / (self.compliance[:-1] * self.compliance[1:])  # ∫dq/Λ²
        self.reach = self.compliance * np.sqrt(np.append(_to_come(spread), 0.0))

    def before(self, i: int) -> tuple[float, float]:
        """Width and height of what ends where step i begins."""
        if i == 0:
            return 1 - float(self.gap[0]), 0.0
        return float(self.width[i - 1]), float(self.height[i - 1])


def _to_come(parts: Array) -> Array:
    """The sum of each part and all that follow."""
    return np.cumsum(parts[::-1])[::-1]


class _Floor(NamedTuple):
    """F at one q on nodes x = h − κ between its two limits."""

    x: Array
    log_weight: Array
    left: float
    right: float
    F: Array
    slope: Array


class _Passage(NamedTuple):
    """How h moves on over one step, row by row of the nodes where it begins.

    inner: probabilities of the nodes; left: of the left tail, and ``square`` the mean of F'² there;
    by_height: dF/dc.
    """

    inner: Array
    left: Array
    square: Array
    by_height: Array


def load_at_jamming(gap: Array, height: Array, kappa: float, order: int = NODES) -> Load:
    """The load of a staircase: step i from 1 − q = ``gap[i]`` on has c = ``height[i]``.

    Gaps fall within (0, 1), heights are positive and rise (they need not, as far as this function
    goes).  An upper bound of the capacity, whatever the staircase.
    """
    stairs = _Staircase(gap, height)
    nowhere = np.empty(0)
    floor = _Floor(nowhere, nowhere, 0.0, 0.0, nowhere, nowhere)
    floors, passages = [], []
    for i in range(len(gap) - 1, -2, -1):
        x, log_weight = _nodes(stairs, i, order) if i >= 0 else (np.array([-kappa]), np.zeros(1))
        floor, passage = _step(stairs, i, x, log_weight, floor)
        floors.append(floor)
        passages.append(passage)
    return _collect(stairs, floors[::-1], passages[::-1])


def _nodes(stairs: _Staircase, i: int, order: int) -> tuple[Array, Array]:
    """Nodes and the logarithms of their weights at the beginning of step i.

    Panels follow the kink, whose width is √(1 − q), and grow to its left; they never outgrow the
    Gaussian that arrives from the step before.
    """
    kink = float(np.sqrt(stairs.gap[i]))
    width, height = stairs.before(i)
    compliance = stairs.compliance[i]
    widest = 3.2 * np.sqrt(width * compliance / (compliance + height * width))
    edges, last = [TAIL * kink], -TAIL * stairs.reach[i]
    while edges[-1] > last:
        growth = max(2.2 * kink, -0.5 * edges[-1])
        edges.append(max(edges[-1] - min(growth, widest), last))
    x, weight = legendre_panels(np.array(edges[::-1]), order)
    return x, np.log(weight)


def _step(
    stairs: _Staircase, i: int, x: Array, log_weight: Array, above: _Floor
) -> tuple[_Floor, _Passage]:
    """From the end of step i (−1: the stretch without breaking) to F on the nodes x before it."""
    height = float(stairs.height[i]) if i >= 0 else 0.0
    width = float(stairs.width[i]) if i >= 0 else 1 - float(stairs.gap[0])
    soft, constant = stairs.compliance[i + 1], stairs.constant[i + 1]
    softer = soft + height * width

    mean, spread = soft / softer * x, np.sqrt(width * soft / softer)
    edge = (above.left - mean) / spread
    left = height * (constant - 0.5 * x**2 / softer) + 0.5 * np.log(soft / softer) + log_ndtr(edge)
    right = log_ndtr((x - above.right) / np.sqrt(width))
    inner = above.log_weight + height * above.F - 0.5 * np.log(2 * np.pi * width)
    inner = inner - 0.5 * (above.x - x[:, None]) ** 2 / width
    logs = np.concatenate((inner, left[:, None], right[:, None]), axis=1)
    top = logs.max(axis=1)
    chance = np.exp(logs - top[:, None])
    total = chance.sum(axis=1)
    chance /= total[:, None]

    mills = inverse_mills(-edge)[0]
    tail_mean = mean - spread * mills
    tail_square = mean**2 - 2 * mean * spread * mills + spread**2 * (1 - edge * mills)
    inner, outer = chance[:, :-2], chance[:, -2]
    expected = inner @ above.F + outer * (constant - 0.5 * tail_square / soft)
    F = (top + np.log(total)) / height if height else expected
    by_height = (expected - F) / height if height else np.zeros_like(F)
    slope = inner @ above.slope - outer * tail_mean / soft
    ends = -TAIL * stairs.reach[max(i, 0)], TAIL * float(np.sqrt(stairs.gap[max(i, 0)]))
    floor = _Floor(x, log_weight, *ends, F, slope)
    return floor, _Passage(inner, outer, tail_square / soft**2, by_height)


def _collect(stairs: _Staircase, floors: list[_Floor], passages: list[_Passage]) -> Load:
    """The load and its slopes, following the density of h from q = 0 up the stairs."""
    k = len(stairs.gap)
    force, response = np.zeros(k), np.zeros(k)  # M and S at the beginning of each step
    by_height, fall = np.zeros(k), np.zeros(k)  # of F(0, 0) and of ½∫dq/Λ
    density, gone, gone_force, S = np.ones(1), 0.0, 0.0, 0.0
    for i, passage in enumerate(passages, start=-1):
        width, height = (stairs.width[i], stairs.height[i]) if i >= 0 else stairs.before(0)
        here, there = stairs.compliance[max(i, 0)], stairs.compliance[i + 1]
        if i >= 0:
            force[i], response[i] = density @ floors[i + 1].slope ** 2 + gone_force, S
            # ∫(q − q_i)/(Λ_i Λ(q)) dq over the step
            grown = (here / height * np.log(here / there) - width) / (height * here)
            by_height[i] = density @ passage.by_height + 0.5 * (gone_force * width + gone * grown)
            fall[i] = -0.5 * (S * width + grown)
        S += width / (here * there)
        leaving = density * passage.left
        gone_force += gone * width / (here * there) + leaving @ passage.square
        gone += leaving.sum()
        density = density @ passage.inner
    cost = -float(floors[0].F[0])
    gain = 0.5 * stairs.before(0)[0] / stairs.compliance[0] - stairs.constant[0]
    rise = stairs.height - np.append(0.0, stairs.height[:-1])
    return Load(
        alpha=float(gain / cost),
        by_gap=0.5 * rise * (force / cost - response / gain),
        by_height=fall / gain + by_height / cost,
    )
