"""Each derivation of ``lessons.proofs``: every line holds, and the last is the library's formula.

The lines hold numerically, by the trapezoidal rule. The last line is compared twice: symbolically
with the equation that the chapter displays, and numerically with the function of the library.
"""

import math

import numpy as np
import pytest
import sympy
import torch
from agreement import agree

from vae_lib.gaussian import DiagonalGaussian, sigma_points
from vae_lib.gradients import pathwise_gradients, score_function_gradients
from vae_lib.lessons import proofs
from vae_lib.linear import LinearGaussian
from vae_lib.objectives import elbo

ROUNDING = 1e-12  # float64 in the library; SymPy evaluates with 15 digits
MEAN, STD = 0.7, 0.6
POINT = {proofs.mu: MEAN, proofs.sigma: STD, proofs.ell: 2 * math.log(STD)}
WEIGHT, BIAS, DATA, NOISE_STD = [0.8, -1.3], [0.2, 0.5], [1.1, -0.4], 0.7


def number(expression, values):
    """The value of an expression; integrals by the trapezoidal rule, which is exact to rounding
    for these integrands: smooth, and negligible beyond ±12."""
    filled = expression.doit(integrals=False).subs(values)
    points, step = np.linspace(-12, 12, 1601, retstep=True)
    for integral in filled.atoms(sympy.Integral):
        integrand = sympy.lambdify(integral.variables, integral.function, "numpy")
        grid = np.meshgrid(*[points] * len(integral.variables))
        total = np.broadcast_to(integrand(*grid), grid[0].shape).sum()
        filled = filled.subs(integral, total * step ** len(grid))
    return float(filled)


def assert_lines_hold(steps, values, result):
    """Each line, with the derived symbol replaced by ``result``, is true."""
    for step in steps:
        left, right = (number(side, {**values, **result}) for side in step.formula.args)
        agree(left, right, atol=1e-10), step.rule


def fill(step, densities):
    """The step, with each named function replaced by the density of N(mean, std²)."""
    formula = step.formula
    for name, (mean, std) in densities.items():
        formula = formula.replace(
            sympy.Function(name), lambda value, m=mean, s=std: proofs.normal(value, m, s)
        )
    return proofs.Step(step.rule, formula)


def linear_values(data_dim):
    values = {proofs.sigma: NOISE_STD, proofs.precision: 2.3}
    for i in range(data_dim):
        names = sympy.symbols(f"x_{i + 1} w_{i + 1} b_{i + 1}", real=True)
        values.update(zip(names, (DATA[i], WEIGHT[i], BIAS[i]), strict=True))
    return values


def linear_model(data_dim):
    """The library's model with the same numbers, L = 1, and the data point."""
    weight = torch.tensor(WEIGHT[:data_dim])[:, None]
    log_var = torch.tensor(2 * math.log(NOISE_STD))
    model = LinearGaussian(weight, torch.tensor(BIAS[:data_dim]), log_var).requires_grad_(False)
    return model, torch.tensor([DATA[:data_dim]])


@pytest.mark.equation("eq-kl-1d", oracle="SymPy")
def test_kl_in_one_dimension_is_derived():
    steps = proofs.kl_1d()
    derived = steps[-1].formula.rhs
    mu, sigma = proofs.mu, proofs.sigma
    displayed = (mu**2 + sigma**2 - 1 - sympy.log(sigma**2)) / 2
    assert sympy.simplify(derived - displayed) == 0
    q = DiagonalGaussian(torch.tensor([MEAN]), torch.tensor([2 * math.log(STD)]))
    agree(q.kl_to_standard().item(), number(derived, POINT), atol=ROUNDING)
    densities = {"q": (MEAN, STD), "p": (0.0, 1.0)}
    filled = [fill(step, densities) for step in steps]
    assert_lines_hold(filled, POINT, {proofs.KL: q.kl_to_standard().item()})


@pytest.mark.equation("eq-kl-diagonal", oracle="SymPy")
def test_kl_of_two_coordinates_is_derived():
    steps = proofs.kl_diagonal()
    derived = steps[-1].formula.rhs
    mus = sympy.symbols("mu_1:3", real=True)
    sigmas = sympy.symbols("sigma_1:3", positive=True)
    terms = [m**2 + s**2 - 1 - sympy.log(s**2) for m, s in zip(mus, sigmas, strict=True)]
    assert sympy.simplify(sympy.expand_log(derived - sum(terms) / 2)) == 0
    mean, std = [0.7, -1.2], [0.6, 0.9]
    values = dict(zip((*mus, *sigmas), (*mean, *std), strict=True))
    ours = DiagonalGaussian(torch.tensor(mean), 2 * torch.tensor(std).log()).kl_to_standard()
    agree(ours.item(), number(derived, values), atol=ROUNDING)
    densities = {"q_1": (mean[0], std[0]), "q_2": (mean[1], std[1]), "p": (0.0, 1.0)}
    filled = [fill(step, densities) for step in steps]
    assert_lines_hold(filled, values, {proofs.KL: ours.item()})


@pytest.mark.equation("eq-kl-identity", oracle="SymPy")
def test_kl_identity_is_derived():
    """For any joint; then with the linear model's joint, whose three parts the library computes."""
    steps = proofs.kl_identity()
    total = steps[-1].formula.rhs
    (bound,) = total.atoms(sympy.Integral)
    assert sympy.simplify(total - bound - proofs.KL) == 0
    q, z = proofs.normal(proofs.z, MEAN, STD), proofs.z
    x, w, b, sigma = DATA[0], WEIGHT[0], BIAS[0], NOISE_STD
    joint = sympy.log(proofs.normal(z, 0, 1)) + sympy.log(proofs.normal(x, w * z + b, sigma))
    joint = sympy.expand_log(joint, force=True)
    model, data = linear_model(1)
    known = {proofs.evidence: model.log_evidence(data).item()}
    replaced = {
        sympy.Function("q")(z): q,
        proofs.log_joint: joint,
        proofs.log_posterior: joint - known[proofs.evidence],
    }
    guess = DiagonalGaussian(torch.tensor([[MEAN]]), torch.tensor([[2 * math.log(STD)]]))
    known[proofs.KL] = guess.kl_to(model.encode(data)).item()
    ours = elbo(model, data, q=guess, noise=sigma_points(1)).value.item()
    agree(number(bound.subs(replaced), {}), ours, atol=1e-10)
    filled = [
        proofs.Step(s.rule, sympy.Eq(*(side.subs(replaced) for side in s.formula.args)))
        for s in steps
    ]
    assert_lines_hold(filled, {}, known)


@pytest.mark.equation("eq-pathwise", oracle="SymPy")
@pytest.mark.equation("eq-score-function", oracle="SymPy")
@pytest.mark.parametrize(("parameter", "row"), [(proofs.mu, 0), (proofs.ell, 1)])
def test_both_gradients_are_derived_and_equal(parameter, row):
    """For any f; then for f = sin, against the library's estimators averaged by Gauss-Hermite."""
    path_steps = proofs.pathwise_gradient(parameter)
    path = path_steps[-1].formula.rhs
    score_steps = proofs.score_function_gradient(parameter)
    score = score_steps[-1].formula.rhs
    assert sympy.simplify(path.function - score.function) == 0
    product_rule = score_steps[2].formula
    assert sympy.simplify((product_rule.lhs - product_rule.rhs).doit()) == 0

    def with_sine(expression):
        return expression.replace(proofs.f, sympy.sin).replace(proofs.slope, sympy.cos)

    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = torch.tensor(weights / weights.sum())
    q = DiagonalGaussian(torch.tensor([MEAN]), torch.tensor([2 * math.log(STD)]))
    noise = torch.tensor(nodes)[:, None]
    estimates = []
    for estimator in (pathwise_gradients, score_function_gradients):
        draws = estimator(lambda z: z.sin().sum(-1), q, noise)[:, row, 0]
        estimates.append((weights @ draws).item())
    values = {**POINT, proofs.z: 0.9}
    for ours, steps in zip(estimates, (path_steps, score_steps), strict=True):
        lines = [proofs.Step(step.rule, with_sine(step.formula)) for step in steps]
        assert_lines_hold(lines, values, {proofs.gradient: ours})


@pytest.mark.equation("eq-linear-evidence", oracle="SymPy")
@pytest.mark.parametrize("data_dim", [1, 2])
def test_linear_evidence_is_derived(data_dim):
    steps = proofs.linear_evidence(data_dim)
    derived = steps[-1].formula.rhs
    x, w, b = (
        sympy.Matrix([sympy.Symbol(f"{name}_{i + 1}", real=True) for i in range(data_dim)])
        for name in "xwb"
    )
    covariance = w * w.T + proofs.sigma**2 * sympy.eye(data_dim)
    squared = ((x - b).T * covariance.inv() * (x - b))[0]
    displayed = -(data_dim * sympy.log(2 * sympy.pi) + sympy.log(covariance.det()) + squared) / 2
    # equal slopes in each number and equal values at one point: equal functions
    for symbol in (*x, *w, *b, proofs.sigma):
        assert sympy.simplify(sympy.diff(derived - displayed, symbol)) == 0
    values = linear_values(data_dim)
    agree(number(derived, values), number(displayed, values), atol=ROUNDING)
    model, data = linear_model(data_dim)
    ours = model.log_evidence(data).item()
    agree(ours, number(derived, values), atol=ROUNDING)
    assert_lines_hold(steps, {**values, proofs.z: 0.9}, {proofs.evidence: ours})


@pytest.mark.equation("eq-linear-posterior", oracle="SymPy")
@pytest.mark.parametrize("data_dim", [1, 2])
def test_linear_posterior_is_derived(data_dim):
    steps = proofs.linear_posterior(data_dim)
    derived, z = steps[-1].formula.rhs, proofs.z
    x, w, b = (
        [sympy.Symbol(f"{name}_{i + 1}", real=True) for i in range(data_dim)] for name in "xwb"
    )
    precision = 1 + sum(weight**2 for weight in w) / proofs.sigma**2
    pull = sum(weight * (value - bias) for value, weight, bias in zip(x, w, b, strict=True))
    mean = pull / proofs.sigma**2 / precision
    assert sympy.simplify(sympy.diff(derived, z) + precision * (z - mean)) == 0
    values = {**linear_values(data_dim), z: 0.9}
    model, data = linear_model(data_dim)
    ours = model.encode(data).log_prob(torch.tensor([[0.9]])).item()
    agree(ours, number(derived, values), atol=ROUNDING)
    assert_lines_hold(steps, values, {proofs.posterior: math.exp(ours)})


def test_a_step_displays_its_rule_and_its_formula():
    shown = proofs.kl_1d()[-1]._repr_markdown_()
    rule, _, formula = shown.partition("\n\n")
    assert "subtract" in rule and r"\mu" in formula
    assert formula.startswith("$$") and formula.endswith("$$")
