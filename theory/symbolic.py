r"""The perceptron's free entropy and saddle equations, derived by a computer algebra.

No result is put in.  What is: the replica-symmetric ansatz, the split of normal fields into a
common and an own part, the eigenvectors of the matrix of overlaps, and Hubbard and Stratonovich's
identity for ±1 weights, the last two held against determinants and sums at 1 to 4 replicas.  The
rest is calculated: the derivative at n = 0; the stationarity in every overlap, with Gaussian
integrations by parts (Stein: ⟨z f(z)⟩ = ⟨f'(z)⟩); the elimination of what is conjugate; limits.

    storage    patterns have random labels, stabilities Δ ≥ κ
    teacher    labels are those of a teacher of the same kind of weights, at overlap R

The one file that uses SymPy; no text is ever parsed.
"""

import re
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import sympy as sp

from .errors import DomainError

MODELS = ("spherical", "binary")
SETTINGS = ("storage", "teacher")

n = sp.Symbol("n")
alpha, q, R = sp.symbols("alpha q R", positive=True)
kappa, z, u, v, h = sp.symbols("kappa z u v h", real=True)
q_hat, R_hat, E_hat = sp.symbols("qhat Rhat Ehat", positive=True)
s = sp.Symbol("s")


class H(sp.Function):  # type: ignore[misc]
    """The tail of a standard normal."""

    def fdiff(self, argindex: int = 1) -> Any:
        """H' = −φ."""
        return -phi(self.args[0])


class phi(sp.Function):  # type: ignore[misc]
    """The density of a standard normal."""

    def fdiff(self, argindex: int = 1) -> Any:
        """φ' = −u φ."""
        return -self.args[0] * phi(self.args[0])


class G(sp.Function):  # type: ignore[misc]
    """φ/H, the mean of a standard normal beyond u."""

    def fdiff(self, argindex: int = 1) -> Any:
        """G' = G (G − u)."""
        return self * (self - self.args[0])


# the arguments that averages over z hold: their names, and what they are functions of
ARGUMENTS: dict[Any, Any] = {
    u: (kappa - sp.sqrt(q) * z) / sp.sqrt(1 - q),
    v: -R * z / sp.sqrt(q - R**2),
    h: sp.sqrt(q_hat) * z + R_hat,
}


class Mean(sp.Expr):  # type: ignore[misc]
    """⟨f⟩, an average over a standard normal z, on which u, v and h depend."""

    def __new__(cls, integrand: Any) -> Any:
        """Sums are taken apart and constants drawn out."""
        integrand = sp.expand(integrand)
        if isinstance(integrand, sp.Add):
            return sp.Add(*(cls(term) for term in integrand.args))
        constant, rest = integrand.as_independent(z, *ARGUMENTS, as_Add=False)
        return constant if rest == 1 else constant * sp.Expr.__new__(cls, rest)

    @property
    def free_symbols(self) -> set[Any]:
        """Those of the integrand and of its arguments, z aside."""
        own = self.args[0].free_symbols
        inner = [ARGUMENTS[name].free_symbols for name in own & ARGUMENTS.keys()]
        return set((own - ARGUMENTS.keys()).union(*inner) - {z})

    def _eval_derivative(self, symbol: Any) -> Any:
        return Mean(total_derivative(self.args[0], symbol))

    def _latex(self, printer: Any) -> str:
        return rf"\left\langle {printer._print(self.args[0])} \right\rangle"

    def _sympystr(self, printer: Any) -> str:
        return f"⟨{printer._print(self.args[0])}⟩"


def total_derivative(expression: Any, symbol: Any) -> Any:
    """The derivative with u, v and h as the functions that they are; φ/H is written as G."""
    slope = expression.diff(symbol)
    for name, meaning in ARGUMENTS.items():
        inner = meaning.diff(symbol).subs(kappa, sp.sqrt(1 - q) * u + sp.sqrt(q) * z)
        slope += expression.diff(name) * inner
    known = {phi(u): G(u) * H(u), sp.sinh(h): sp.tanh(h) * sp.cosh(h)}
    return sp.expand(sp.expand(slope).subs(known))


def by_parts(average: Any) -> Any:
    """Every ⟨z f⟩ as ⟨f'⟩; where f has a factor φ(v), v = cz, it is ⟨φ(v) g'⟩/(1 + c²)."""

    def parts(mean: Any) -> Any:
        if not mean.args[0].has(z):
            return mean
        first, rest = sp.Poly(mean.args[0], z).all_coeffs()
        share: Any = sp.Integer(1)
        if first.has(phi(v)):
            share = phi(v) / (1 + (ARGUMENTS[v] / z) ** 2)
            first = first / phi(v)
        return Mean(rest) + Mean(sp.simplify(share) * total_derivative(first, z))

    return collected(average.replace(lambda x: isinstance(x, Mean), parts))


def collected(expression: Any) -> Any:
    """Each mean once, with a tidy factor."""
    spin = {sp.sech(h) ** 2: 1 - sp.tanh(h) ** 2, sp.cosh(h) ** -2: 1 - sp.tanh(h) ** 2}
    done = sp.expand(expression)
    means = {mean: sp.Dummy() for mean in done.atoms(Mean)}
    linear = sp.expand(done.subs(means))
    constant = tidy(linear.subs(dict.fromkeys(means.values(), 0)))
    terms = [
        tidy(linear.diff(name)) * Mean(sp.simplify(mean.args[0]).subs(spin))
        for mean, name in means.items()
    ]
    return constant + sp.expand(sp.Add(*terms))


def tidy(expression: Any) -> Any:
    """A fraction in q and R, simplified in 1 − q and q − R², which are positive."""
    gap, rest = sp.symbols("gap rest", positive=True)
    inner = expression.subs(R, sp.sqrt(q - rest)).subs(q, 1 - gap)
    terms = sp.Add.make_args(sp.expand(sp.expand_log(sp.simplify(inner))))
    logs = sp.Add(*(term for term in terms if term.has(sp.log)))
    fraction = sp.factor(sp.Add(*terms) - logs)
    return (logs + fraction).subs(rest, 1 - gap - R**2).subs(gap, 1 - q)


def root(linear: Any, symbol: Any) -> Any:
    """Where an expression that is linear in the symbol vanishes."""
    linear = sp.expand(linear)
    return collected(-linear.coeff(symbol, 0) / linear.coeff(symbol, 1))


@dataclass(frozen=True)
class Step:
    """One step: its name, what is done, and the equations that come out."""

    name: str
    prose: str
    """With the symbols of SYMBOLS in braces."""
    equations: tuple[Any, ...]

    @property
    def result(self) -> Any:
        """The last equation, which the next steps start from."""
        return self.equations[-1]

    def said(self) -> str:
        """What is done, with the symbols as text."""
        return self.prose.format(**{name: text(symbol) for name, symbol in SYMBOLS.items()})

    def text(self) -> str:
        """What is done in lines, then an equation a line."""
        equations = [f"    {text(equation)}" for equation in self.equations]
        return "\n".join([fill(self.said(), 92), "", *equations])

    def latex(self) -> str:
        """LaTeX, for a document with amsmath."""
        symbols = {name: f"${sp.latex(symbol)}$" for name, symbol in SYMBOLS.items()}
        lines = [f"\\[ {sp.latex(equation)} \\]" for equation in self.equations]
        return "\n".join([self.prose.format(**symbols), *lines])


@dataclass(frozen=True)
class Derivation:
    """Free entropy and saddle equations, with the steps that lead there.

    The expressions are SymPy's, over the symbols and functions of this module.
    """

    model: str
    setting: str
    steps: tuple[Step, ...]
    free_entropy: Any
    """To be stationary in every overlap that is left, in nats per weight."""
    equations: tuple[Any, ...]
    """The saddle equations, as SymPy's Eq."""

    @property
    def title(self) -> str:
        """What is derived."""
        return f"Replica-symmetric perceptron: {self.model} weights, {self.setting}"

    def text(self) -> str:
        """Numbered steps and a legend, for a screen."""
        parts = [self.title, "=" * len(self.title), ""]
        for number, step in enumerate(self.steps, 1):
            parts += [f"{number}. {step.name}", "", step.text(), ""]
        parts += ["symbols", ""]
        for symbol, meaning in self.legend():
            name = text(symbol)
            width = 6 + name.count("\u0302")  # a combining hat takes no room
            parts.append(f"    {name:{width}} {meaning}")
        return "\n".join(parts) + "\n"

    def latex(self) -> str:
        """The same as a whole document, which needs amsmath alone."""
        parts = [
            r"\documentclass{article}",
            r"\usepackage{amsmath}",
            rf"\title{{{self.title}}}",
            r"\date{}",
            r"\begin{document}",
            r"\maketitle",
        ]
        for step in self.steps:
            parts += [rf"\section{{{step.name.capitalize()}}}", step.latex()]
        parts += [r"\section*{Symbols}", r"\begin{description}"]
        parts += [rf"\item[${sp.latex(symbol)}$] {meaning}" for symbol, meaning in self.legend()]
        return "\n".join([*parts, r"\end{description}", r"\end{document}"]) + "\n"

    def rows(self) -> list[dict[str, Any]]:
        """Every equation: the step's number and name, latex, text, and what is done."""
        return [
            {
                "step": number,
                "name": step.name,
                "latex": sp.latex(equation),
                "text": text(equation),
                "prose": step.said(),
            }
            for number, step in enumerate(self.steps, 1)
            for equation in step.equations
        ]

    def legend(self) -> list[tuple[Any, str]]:
        """What the symbols mean, as far as they occur."""
        kinds = (sp.Symbol, sp.Function)
        used = set().union(*(e.atoms(*kinds) for step in self.steps for e in step.equations))
        return [(symbol, meaning) for symbol, meaning in LEGEND if symbol in used]


A, W, E = (sp.Function(name)(n) for name in "AWE")
Delta = sp.Symbol("Delta")
SYMBOLS = {str(symbol): symbol for symbol in (n, s, q, R, kappa, Delta, z, u, v, h)} | {
    "A": A,
    "W": W,
    "E": E,
    "q_hat": q_hat,
    "R_hat": R_hat,
    "E_hat": E_hat,
    "differences": E_hat + q_hat,
    "G": G(u),
    "H": H(u),
    "H_v": H(v),
    "pi": sp.pi,
}
LEGEND = (
    (alpha, "patterns per weight"),
    (kappa, "margin that every pattern keeps"),
    (n, "number of replicas"),
    (q, "overlap of two solutions"),
    (R, "overlap of a solution with the teacher"),
    (q_hat, "conjugate overlap"),
    (R_hat, "conjugate overlap"),
    (E_hat, "fixes the length of a replica"),
    (A, "exponent per weight of the averaged power of the volume"),
    (W, "sum over the weights of one site"),
    (E, "chance that one pattern suits all replicas"),
    (Delta, "stability of one pattern in a replica"),
    (z, "a standard normal; means in angle brackets are over it"),
    (H(u), "tail of a standard normal beyond its argument"),
    (phi(v), "density of a standard normal"),
    (G(u), "density over tail"),
    (s, "free entropy in nats per weight"),
)


PRINTED = {
    "alpha": "α",
    "kappa": "κ",
    "Delta": "Δ",
    "phi": "φ",
    "pi": "π",
    "qhat": "q̂",
    "Rhat": "R̂",
    "Ehat": "Ê",
    "sqrt": "√",
    "log": "ln",
}


def text(expression: Any) -> str:
    """One line: ⟨G(u)²⟩ for a mean, Greek letters, √ for sqrt."""
    line = str(expression)
    if isinstance(expression, sp.Equality):
        line = f"{expression.lhs} = {expression.rhs}"
    line = re.sub(r"\(-([^\s()]+) \+ ([^\s()]+)\)", r"(\2 - \1)", line)
    line = re.sub(r"[A-Za-z]+", lambda word: PRINTED.get(word[0], word[0]), line)
    line = re.sub(r"\*\*([234n])\b", lambda power: "²³⁴ⁿ"["234n".index(power[1])], line)
    line = re.sub(r"√\((\w\u0302?)\)", r"√\1", line)
    return line.replace("**", "^").replace("*", " ").replace("-", "−")


def derivation(model: str = "spherical", setting: str = "storage") -> Derivation:
    """Replica-symmetric free entropy and saddle equations of the perceptron, from its action.

    ``model`` is "spherical" or "binary", ``setting`` "storage" or "teacher"; the margin κ is any.

    Raises DomainError if either is unknown.

    >>> [text(equation) for equation in derivation("binary").equations]
    ['q̂ = α ⟨G(u)²⟩/(1 − q)', 'q = ⟨tanh(h)²⟩']
    """
    for name, value, known in (("model", model, MODELS), ("setting", setting, SETTINGS)):
        if value not in known:
            msg = f"{name} must be {' or '.join(map(repr, known))}; it is {value!r}"
            raise DomainError(msg)
    teacher = setting == "teacher"
    action = _replicas(model, teacher)
    weights = _gaussian_weights(teacher) if model == "spherical" else _spins(teacher)
    patterns = _patterns(teacher)
    steps = [action, weights, patterns, _no_replicas(action, weights, patterns)]
    if model == "spherical":
        steps.append(_conjugate_overlaps(steps[-1].result.rhs, teacher))
    entropy = steps[-1].result.rhs
    saddles = _saddles(model, entropy, teacher)
    steps.append(saddles)
    if teacher:
        steps.append(_bayes(saddles.equations))
    elif model == "spherical":
        steps.append(_capacity(saddles.result))
    return Derivation(model, setting, tuple(steps), entropy, saddles.equations)


def _replicas(model: str, teacher: bool) -> Step:
    """A(n), the exponent of the replicated volume per weight."""
    action = -n * (n - 1) / 2 * q * q_hat + sp.log(W) + alpha * sp.log(E)
    if model == "spherical":  # the length of every replica; less the sphere without patterns
        action += n * (E_hat - 1) / 2
    if teacher:
        action -= n * R * R_hat
    prose = (
        "Average the {n}-th power of the volume of solutions over the patterns.  It depends on the"
        " overlaps of the {n} replicas alone, which are {q} for any two of them"
        + (" and {R} with the teacher" if teacher else "")
        + ".  With conjugate overlaps (hats) that fix them, the exponent per weight is {A},"
        " where {W} is the sum over the weights of one site and {E} the chance that one pattern"
        " suits all replicas:"
    )
    return Step("replicas", prose, (sp.Eq(A, action),))


def _gaussian_weights(teacher: bool) -> Step:
    """The logarithm of W(n) of Gaussian weights, from its determinant."""
    shown = []
    for size in (2, 3, 4):
        matrix = (E_hat + q_hat) * sp.eye(size) - q_hat * sp.ones(size, size)
        determinant = sp.factor(matrix.det())
        general = (E_hat + q_hat) ** (size - 1) * (E_hat + q_hat - size * q_hat)
        assert sp.expand(determinant - general) == 0
        assert sp.simplify(sum(matrix.inv()) - size / (E_hat + q_hat - size * q_hat)) == 0
        shown.append(sp.Eq(sp.Symbol(f"D_{size}"), determinant))
    differences, together = E_hat + q_hat, E_hat - (n - 1) * q_hat  # eigenvalues
    log_w = -((n - 1) * sp.log(differences) + sp.log(together)) / 2
    if teacher:
        log_w += n * R_hat**2 / (2 * together)
    prose = (
        "{W} is a Gaussian integral over {n} weights; its matrix has {E_hat} on the diagonal and"
        " minus {q_hat} beside it"
        + (", in the field {R_hat} of the teacher" if teacher else "")
        + ".  Its eigenvalues are {differences}, once less than {n} times, and the sum of a row"
        " (the determinants of 2, 3 and 4 replicas, multiplied out, say the same):"
    )
    return Step("weights", prose, (*shown, sp.Eq(sp.log(W), log_w)))


def _spins(teacher: bool) -> Step:
    """The same of ±1 weights: sums over 2ⁿ states, and what they are as an average."""
    field = R_hat if teacher else sp.Integer(0)
    shown = []
    for size in (1, 2, 3, 4):
        sums = [2 * ups - size for ups in range(size + 1)]
        states = sum(
            sp.binomial(size, ups) * sp.exp(q_hat * (m**2 - size) / 2 + field * m)
            for ups, m in enumerate(sums)
        )
        # (e^h + e^−h)^n multiplied out, with ⟨exp(m h)⟩ = exp(m R̂ + m² q̂/2)
        linear = sum(
            sp.binomial(size, ups) * sp.exp(m * field + m**2 * q_hat / 2)
            for ups, m in enumerate(sums)
        )
        assert sp.simplify(states - sp.exp(-size * q_hat / 2) * linear) == 0
        if size in (2, 3):
            shown.append(sp.Eq(W.subs(n, size), sp.expand(states)))
    log_w = -n * q_hat / 2 + sp.log(Mean((2 * sp.cosh(h)) ** n))
    prose = (
        "{W} is a sum over the states of {n} spins; those of 2 and 3 replicas are shown.  By"
        " Hubbard and Stratonovich's identity the square of the sum of the spins is linear under an"
        " average over a normal {z}, in the field {h}; sums of 1 to 4 replicas agree:"
    )
    meaning = ARGUMENTS[h].subs(R_hat, field)
    return Step("weights", prose, (*shown, sp.Eq(h, meaning), sp.Eq(sp.log(W), log_w)))


def _patterns(teacher: bool) -> Step:
    """E(n): fields with the covariance of the overlaps, split into a common part and own parts."""
    x, y, one, two = sp.symbols("x y x_a x_b")
    field = sp.sqrt(q) * z + sp.sqrt(1 - q) * x
    assert _covariance(field.subs(x, one), field.subs(x, two), (z, one, two)) == q
    assert _covariance(field, field, (z, x)) == 1
    assert sp.simplify(sp.solve(field - kappa, x)[0] - ARGUMENTS[u]) == 0
    equations = [sp.Eq(Delta, field), sp.Eq(u, ARGUMENTS[u])]
    chance: Any = H(u) ** n
    prose = (
        "The stabilities {Delta} of one pattern are normal, with covariance {q} between replicas:"
        " a {z} in common and an x of each replica's own.  Given {z} all reach the margin {kappa}"
        " with the {n}-th power of the probability {H}, the tail of a normal"
    )
    if teacher:
        label = R / sp.sqrt(q) * z + sp.sqrt(1 - R**2 / q) * y
        assert _covariance(label, field, (z, x, y)) == R
        assert _covariance(label, label, (z, y)) == 1
        threshold = sp.solve(label, y)[0]
        assert sp.simplify(threshold**2 - ARGUMENTS[v] ** 2) == 0
        equations += [sp.Eq(v, ARGUMENTS[v])]
        chance *= 2 * H(v)
        prose += (
            ".  The teacher's own field has covariance {R} with them and is positive given {z}"
            " with probability {H_v}; labels of either sign count alike"
        )
    return Step("patterns", prose + ":", (*equations, sp.Eq(E, Mean(chance))))


def _covariance(first: Any, second: Any, normals: tuple[Any, ...]) -> Any:
    """Of two linear combinations of independent normals."""
    return sp.simplify(sum(first.coeff(x) * second.coeff(x) for x in normals))


def _no_replicas(action: Step, weights: Step, patterns: Step) -> Step:
    """The derivative at n = 0; ⟨H(v)⟩ = ½ there, as v is odd in z and H(v) + H(−v) = 1."""
    whole = action.result.rhs.subs([weights.result.args, patterns.result.args])
    half = (H(v) + (1 - H(v))) / 2
    entropy = sp.expand(whole.diff(n).subs(n, 0).subs(Mean(H(v)), half))
    prose = (
        "The free entropy is the derivative of {A} at {n} = 0, where the logarithm of the mean of"
        " an {n}-th power becomes {n} times the mean of the logarithm:"
    )
    return Step("no replicas", prose, (sp.Eq(s, entropy),))


def _conjugate_overlaps(entropy: Any, teacher: bool) -> Step:
    """What is conjugate, from stationarity, and the entropy without it (spherical weights)."""
    total = sp.Symbol("S", positive=True)  # Ê + q̂, beside which the entropy is linear in q̂
    entropy = sp.expand(entropy.subs(E_hat, total - q_hat))
    found: dict[Any, Any] = {}
    for stationary, unknown in ((q_hat, total), (R_hat, R_hat), (total, q_hat)):
        if entropy.has(unknown):
            (found[unknown],) = sp.solve(entropy.diff(stationary).subs(found), unknown)
    left = entropy.subs(found)
    prose = (
        "Stationarity in {E_hat}, {q_hat}"
        + (" and {R_hat}" if teacher else "")
        + " is algebraic.  It leaves a free entropy of the overlaps alone:"
    )
    found[E_hat] = found.pop(total) - found[q_hat]
    solved = [sp.Eq(hat, tidy(value)) for hat, value in found.items()]
    kept = sp.Eq(s, tidy(left.coeff(alpha, 0)) + alpha * left.coeff(alpha, 1))
    return Step("conjugate overlaps", prose, (*solved, kept))


def _saddles(model: str, entropy: Any, teacher: bool) -> Step:
    """Stationarity in the overlaps, averages of z taken by parts."""
    overlaps = {q: q_hat, R: R_hat} if teacher else {q: q_hat}
    slopes = {x: by_parts(entropy.diff(x)) for x in overlaps}
    if model == "binary":
        equations = [sp.Eq(hat, root(slopes[x], hat)) for x, hat in overlaps.items()]
        for x, hat in overlaps.items():
            equations.append(sp.Eq(x, root(by_parts(entropy.diff(hat)), x)))
    else:
        equations = []
        for x, scale in ((q, 2 * (1 - q)), (R, q - 1)):
            if x in slopes:
                slope = sp.expand(slopes[x])
                own, pull = (slope.coeff(alpha, power) for power in (0, 1))
                equations.append(sp.Eq(tidy(scale * own), -alpha * collected(scale * pull)))
    prose = (
        "Stationarity of {s}, with the derivative of {H} written as minus {H} times {G}, and every"
        " average with a factor {z} taken by parts:"
    )
    return Step("saddle equations", prose, tuple(equations))


def _bayes(equations: tuple[Any, ...]) -> Step:
    """What the equations become where a student knows as much as the teacher."""
    alike = {R: q, R_hat: q_hat, kappa: 0, v: u, phi(v): G(u) * H(u)}
    first, second = (
        sp.Eq(sp.simplify(equation.lhs.subs(alike)), collected(equation.rhs.subs(alike)))
        for equation in equations[:2]
    )
    assert first == second
    prose = (
        "At {kappa} = 0 the teacher is as good as any solution.  With {R} = {q} and equal"
        " conjugates, {v} = {u} and the density at {v} is {G} times {H}: both equations say the"
        " same, and the generalisation error is arccos({R})/{pi}"
    )
    return Step("no margin", prose + ":", (first,))


def _capacity(equation: Any) -> Step:
    """The load at which q reaches 1, where H is a step."""
    tail = sp.sqrt(2 / sp.pi) * sp.exp(-(z**2) / 2) / sp.erfc(z / sp.sqrt(2))  # G
    assert sp.limit(tail / z, z, sp.oo) == 1
    assert sp.limit(tail, z, -sp.oo) == 0
    square = sp.limit(sp.expand((1 - q) * ARGUMENTS[u] ** 2), q, 1)
    density = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
    below = sp.integrate(square * density, (z, -sp.oo, kappa))
    assert sp.limit(below, kappa, 0) == sp.Rational(1, 2)
    assert equation.rhs == alpha * Mean(G(u) ** 2)
    gauss = {sp.erfc(sp.sqrt(2) * kappa / 2): 2 - 2 * H(-kappa)}
    gauss[sp.exp(-(kappa**2) / 2)] = sp.sqrt(2 * sp.pi) * phi(kappa)
    closed = sp.collect(sp.expand(sp.simplify(below).subs(gauss)), H(-kappa))
    prose = (
        "As {q} tends to 1, {G} tends to {u} where {u} is positive and to 0 elsewhere: the square"
        " is left of what {z} falls short of {kappa}, and the load tends to a limit, at margin 0"
        " to 2:"
    )
    equations = (sp.Eq(1 / sp.Symbol("alpha_c"), closed),)
    return Step("capacity", prose, equations)
