"""Derivations carried out by SymPy: from a definition to a result, one named rule a step.

A chapter displays the steps and a test checks them. No closed form goes in: a step is computed
from the ones before it. Only this module needs SymPy: ``pip install "vae_lib[proofs]"``.
"""

from dataclasses import dataclass

import sympy
from sympy import Derivative, Eq, Expr, Function, Integral, Symbol, diff, exp, expand, log, oo, sqrt

from vae_lib.lessons.language import say

z, mu, ell, noise = (Symbol(name, real=True) for name in ("z", "mu", "ell", "varepsilon"))
sigma, precision = Symbol("sigma", positive=True), Symbol("Lambda", positive=True)
KL, gradient = Symbol(r"{\operatorname{KL}}", real=True), Symbol("G", real=True)
evidence = Symbol(r"{\log p(x)}", real=True)
log_joint = Function(r"\log p")(Symbol("x", real=True), z)
log_posterior = Function(r"\log p_{z \mid x}")(z)
posterior = Function(r"p_{z \mid x}")(z)
slope = Function("f'")


class f(Function):  # type: ignore[misc]  # SymPy has no types
    """Any smooth function, whose derivative is written f'."""

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return f' at the same argument."""
        return slope(self.args[0])


@dataclass(frozen=True)
class Step:
    """One line of a derivation.

    Attributes:
        rule: Why the line holds, given the lines before it.
        formula: The line, an equation of SymPy.
    """

    rule: str
    formula: Eq

    def _repr_markdown_(self) -> str:
        """The rule above its formula, as a notebook displays them, in its language."""
        return f"*{say(self.rule)}*\n\n$$\n{sympy.latex(self.formula)}\n$$"


def normal(value: Expr, mean: Expr, std: Expr) -> Expr:
    """The density of N(mean, std²) at ``value``: the definition that the proofs start from."""
    return exp(-((value - mean) ** 2) / (2 * std**2)) / (sqrt(2 * sympy.pi) * std)


def kl_1d() -> list[Step]:
    """Derive KL(N(μ, σ²) ‖ N(0, 1)), which ``DiagonalGaussian.kl_to_standard`` computes at L = 1.

    Returns:
        Steps that end in the divergence, in nats.
    """
    q, p = normal(z, mu, sigma), normal(z, sympy.S.Zero, sympy.S.One)
    first, second = _integrate(q * _log(q)), _integrate(q * _log(p))
    q_name, p_name = Function("q")(z), Function("p")(z)
    difference = _over_line(q_name * log(q_name)) - _over_line(q_name * log(p_name))
    return [
        Step("definition", Eq(KL, _over_line(q_name * log(q_name / p_name)))),
        Step("logarithm of a quotient", Eq(KL, difference)),
        Step("first integral, with the density of q", Eq(_over_line(q * _log(q)), first)),
        Step("second integral, with the density of p", Eq(_over_line(q * _log(p)), second)),
        Step("subtract", Eq(KL, sympy.simplify(expand(first - second)))),
    ]


def kl_diagonal() -> list[Step]:
    """Derive KL(N(μ, diag σ²) ‖ N(0, I)) at L = 2, see ``DiagonalGaussian.kl_to_standard``.

    Returns:
        Steps that end in the divergence, in nats.
    """
    zs, mus = sympy.symbols("z_1:3", real=True), sympy.symbols("mu_1:3", real=True)
    sigmas = sympy.symbols("sigma_1:3", positive=True)
    densities = [normal(*numbers) for numbers in zip(zs, mus, sigmas, strict=True)]
    priors = [normal(value, sympy.S.Zero, sympy.S.One) for value in zs]
    masses = [_integrate(*pair) for pair in zip(densities, zs, strict=True)]
    parts = [
        _integrate(q * (_log(q) - _log(p)), value)
        for q, p, value in zip(densities, priors, zs, strict=True)
    ]
    z1, z2 = zs
    q1, q2 = Function("q_1")(z1), Function("q_2")(z2)
    ratio1, ratio2 = (log(q / Function("p")(q.args[0])) for q in (q1, q2))
    whole = Integral(q1 * q2 * (ratio1 + ratio2), (z1, -oo, oo), (z2, -oo, oo))
    split = _over_line(q1 * ratio1, z1) * _over_line(q2, z2)
    split += _over_line(q2 * ratio2, z2) * _over_line(q1, z1)
    one = split.subs({_over_line(q2, z2): masses[1], _over_line(q1, z1): masses[0]})
    known = {_over_line(q1 * ratio1, z1): parts[0], _over_line(q2 * ratio2, z2): parts[1]}
    return [
        Step("definition; the coordinates are independent", Eq(KL, whole)),
        Step("linearity; each integral is a product of integrals", Eq(KL, split)),
        Step("a density integrates to 1", Eq(KL, one)),
        Step("integrate each coordinate", Eq(KL, expand(one.subs(known)))),
    ]


def kl_identity() -> list[Step]:
    """Derive log p(x) = ELBO + KL(q ‖ p(z|x)) for a Gaussian q and any log p(x, z).

    The joint stays an unspecified function of z; its integral against q has to exist.

    Returns:
        Steps that end in the evidence as the sum of the ELBO's integral and KL, in nats.
    """
    q = Function("q")(z)
    definition = q * (log(q) - log_posterior)
    bayes = definition.subs(log_posterior, log_joint - evidence)
    bound = q * (log_joint - log(q))
    rest = expand(bayes + bound)  # q(z) log p(x): what the bound's integrand leaves over
    mass = _integrate(normal(z, mu, sigma))
    split = -_over_line(bound) + evidence * _over_line(rest / evidence)
    one = split.subs(_over_line(q), mass)
    (solved,) = sympy.solve(Eq(KL, one), evidence)
    return [
        Step("definition", Eq(KL, _over_line(definition))),
        Step("Bayes' rule", Eq(KL, _over_line(bayes))),
        Step("linearity of the integral", Eq(KL, split)),
        Step("the Gaussian q integrates to 1", Eq(KL, one)),
        Step("solve for the evidence", Eq(evidence, solved)),
    ]


def pathwise_gradient(parameter: Expr) -> list[Step]:
    """Derive the gradient of E_q[f(z)] by z = μ + σ ε, see ``gradients.pathwise_gradients``.

    Args:
        parameter: ``mu`` or ``ell``, the log variance.

    Returns:
        Steps that end in an integral over the noise ε.
    """
    std = exp(ell / 2)
    objective = _over_line(normal(z, mu, std) * f(z))
    substituted = objective.transform(z, (mu + std * noise, noise))
    inside = sympy.simplify(diff(substituted.function, parameter))
    return [
        Step("definition", Eq(gradient, Derivative(objective, parameter))),
        Step("substitute z = μ + σ ε", Eq(gradient, Derivative(substituted, parameter))),
        Step(
            "exchange derivative and integral; chain rule", Eq(gradient, _over_line(inside, noise))
        ),
    ]


def score_function_gradient(parameter: Expr) -> list[Step]:
    """Derive the score-function gradient of E_q[f(z)], and that it equals the pathwise one.

    f q has to vanish at infinity. See ``gradients.score_function_gradients``.

    Args:
        parameter: ``mu`` or ``ell``, the log variance.

    Returns:
        Steps that end in the same integral as ``pathwise_gradient``.
    """
    std = exp(ell / 2)
    q = normal(z, mu, std)
    score = sympy.simplify(diff(_log(q), parameter))
    velocity = diff(mu + std * noise, parameter).subs(noise, (z - mu) / std)  # of z, as σ ε moves
    flux = q * f(z) * velocity
    by_parts = q * sympy.simplify(f(z) * score + sympy.simplify(diff(flux, z) / q))
    moved = _over_line(by_parts).transform(z, (mu + std * noise, noise))
    last = _over_line(sympy.simplify(moved.function), noise)
    return [
        Step("definition", Eq(gradient, Derivative(_over_line(q * f(z)), parameter))),
        Step(
            "differentiate under the integral; derivative of a logarithm",
            Eq(gradient, _over_line(f(z) * score * q)),
        ),
        Step("product rule", Eq(f(z) * score * q, by_parts - Derivative(flux, z))),
        Step("the last term integrates to 0", Eq(gradient, _over_line(by_parts))),
        Step("substitute z = μ + σ ε", Eq(gradient, last)),
    ]


def linear_evidence(data_dim: int = 1) -> list[Step]:
    """Derive log p(x) of the linear model with L = 1, see ``LinearGaussian.log_evidence``.

    Args:
        data_dim: D; the numbers are called ``x_1``, ``w_1``, ``b_1`` and so on.

    Returns:
        Steps that end in log p(x), in nats.
    """
    joint, quadratic, square, rest = _completed_square(data_dim)
    bell = exp(-precision * z**2 / 2)
    mass = _integrate(bell)
    constant = joint.subs(z, 0) / exp(quadratic.subs(z, 0))  # what stands before the exponential
    constant *= mass.subs(precision, -diff(quadratic, z, 2))
    result = rest - log(sympy.factor(sympy.simplify(constant**-2))) / 2
    return [
        Step("sum rule", Eq(evidence, log(_over_line(joint)))),
        Step("complete the square in the exponent", Eq(quadratic, square + rest)),
        Step("Gaussian integral", Eq(_over_line(bell), mass)),
        Step("logarithm", Eq(evidence, result)),
    ]


def linear_posterior(data_dim: int = 1) -> list[Step]:
    """Derive p(z|x) of the linear model with L = 1, see ``LinearGaussian.encode``.

    Args:
        data_dim: D; the numbers are called ``x_1``, ``w_1``, ``b_1`` and so on.

    Returns:
        Steps that end in the posterior's log density, in nats.
    """
    joint, quadratic, square, rest = _completed_square(data_dim)
    mass = _integrate(exp(-precision * z**2 / 2)).subs(precision, -diff(quadratic, z, 2))
    return [
        Step("Bayes' rule", Eq(posterior, joint / _over_line(joint))),
        Step("complete the square in the exponent", Eq(quadratic, square + rest)),
        Step(
            "cancel what does not depend on z",
            Eq(posterior, exp(square) / _over_line(exp(square))),
        ),
        Step("Gaussian integral, logarithm", Eq(log(posterior), square - _log(mass))),
    ]


def _completed_square(data_dim: int) -> tuple[Expr, Expr, Expr, Expr]:
    """The joint density, its exponent, and that exponent as a square in z and a rest."""
    joint, quadratic = normal(z, sympy.S.Zero, sympy.S.One), -(z**2) / 2
    for i in range(1, data_dim + 1):
        x, w, b = sympy.symbols(f"x_{i} w_{i} b_{i}", real=True)
        joint *= normal(x, w * z + b, sigma)
        quadratic -= (x - w * z - b) ** 2 / (2 * sigma**2)
    curvature = sympy.factor(-diff(quadratic, z, 2))
    centre = sympy.factor(diff(quadratic, z).subs(z, 0) / curvature)
    square = -curvature * (z - centre) ** 2 / 2
    return joint, quadratic, square, sympy.factor(expand(quadratic - square))


def _over_line(integrand: Expr, variable: Symbol = z) -> Integral:
    return Integral(integrand, (variable, -oo, oo))


def _integrate(integrand: Expr, variable: Symbol = z) -> Expr:
    """The integral over the real line, evaluated term by term."""
    terms = expand(integrand).as_ordered_terms()
    total = sympy.simplify(sum(_over_line(term, variable).doit() for term in terms))
    return _join_two_pi(expand(total))


def _log(density: Expr) -> Expr:
    """The logarithm of a product of positive factors, as a sum."""
    return _join_two_pi(sympy.expand_log(log(density), force=True))


def _join_two_pi(expression: Expr) -> Expr:
    """The same, with log 2 + log π written log 2π."""
    return expression.subs(log(2), log(2 * sympy.pi) - log(sympy.pi))
