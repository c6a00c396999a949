"""A good call of every public function of the mathematics, and how an argument may be wrong."""

import math

import numpy as np
import torch

from vae_lib import (
    discretised,
    evaluation,
    evidence,
    gaussian,
    gradients,
    latents,
    linear,
    models,
    networks,
    outliers,
)
from vae_lib.data import binarise
from vae_lib.gaussian import DiagonalGaussian, FullGaussian
from vae_lib.lessons import identities, wrong_losses
from vae_lib.lessons.em import em_step
from vae_lib.likelihoods import Bernoulli, Gaussian
from vae_lib.linear import LinearGaussian
from vae_lib.objectives import elbo, importance_weighted_bound, log_weights, upper_bound
from vae_lib.training import fit, plain_fit

MODULES = (
    discretised, evaluation, evidence, gaussian, gradients, latents, linear, models, networks,
    outliers, identities, wrong_losses,
)  # fmt: skip


def draw(*shape):
    """Numbers that are always the same for the same shape."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(math.prod(shape)))


def diagonal(*shape):
    return DiagonalGaussian(draw(*shape), draw(*shape) / 2)


def full(*shape):
    return FullGaussian(draw(*shape), torch.eye(shape[-1]) + draw(shape[-1], shape[-1]).tril(-1))


def covariance(size):
    factor = draw(size, size)
    return factor @ factor.T + torch.eye(size)


def line(data_dim=4, latent_dim=2):
    weight, bias = draw(data_dim, latent_dim), draw(data_dim)
    return LinearGaussian(weight, bias, torch.tensor(-0.5)).requires_grad_(False)


def vae(likelihood="bernoulli"):
    torch.manual_seed(0)
    return models.mlp_vae(4, 2, (5,), likelihood=likelihood)


def pixels(*shape):
    return (draw(*shape) > 0).to(torch.get_default_dtype())


def spread():
    return torch.tensor([3.0, 2.0, 1.0])


def bench():
    return wrong_losses.make_bench()


# Name: the function, and good arguments, made anew for each call.
CALLS = {
    "DiscretisedLogistic": (
        discretised.DiscretisedLogistic,
        lambda: {
            "mean": draw(5, 4, 2), "log_scale": draw(5, 4, 2), "levels": 4, "logits": draw(5, 4, 2),
        },
    ),
    "DiscretisedLogistic.log_prob": (
        lambda x: discretised.DiscretisedLogistic(draw(5, 4), draw(5, 4), 2).log_prob(x),
        lambda: {"x": pixels(5, 4)},
    ),
    "DiscretisedLogistic.sample": (
        lambda generator: discretised.DiscretisedLogistic(draw(4), draw(4)).sample(generator),
        lambda: {"generator": torch.Generator().manual_seed(1)},
    ),
    "dequantise": (
        discretised.dequantise,
        lambda: {
            "x": pixels(5, 4), "step": 0.5, "generator": torch.Generator().manual_seed(1),
        },
    ),
    "draw_index": (
        discretised.draw_index,
        lambda: {
            "logits": draw(5, 3),
            "generator": torch.Generator().manual_seed(1),
        },
    ),
    "bits_per_dimension": (
        discretised.bits_per_dimension, lambda: {"nats": draw(5), "data_dim": 4, "step": 0.5},
    ),
    "log_var_above": (discretised.log_var_above, lambda: {"raw": draw(5), "step": 0.5}),
    "squared_distance": (outliers.squared_distance, lambda: {"model": line(), "x": draw(5, 4)}),
    "atypicality": (outliers.atypicality, lambda: {"model": line(), "x": draw(5, 4)}),
    "roc": (outliers.roc, lambda: {"rest": draw(5), "outliers": draw(4)}),
    "DiagonalGaussian": (DiagonalGaussian, lambda: {"mean": draw(5, 2), "log_var": draw(5, 2)}),
    "DiagonalGaussian.standard": (DiagonalGaussian.standard, lambda: {"like": draw(5, 2)}),
    "DiagonalGaussian.log_prob": (
        lambda value: diagonal(5, 2).log_prob(value), lambda: {"value": draw(5, 2)},
    ),
    "DiagonalGaussian.transform": (
        lambda noise: diagonal(5, 2).transform(noise), lambda: {"noise": draw(3, 5, 2)},
    ),
    "DiagonalGaussian.rsample": (
        lambda **given: diagonal(5, 2).rsample(**given),
        lambda: {"sample_shape": (3,), "generator": torch.Generator().manual_seed(1)},
    ),
    "DiagonalGaussian.kl_to": (
        lambda other: diagonal(5, 2).kl_to(other), lambda: {"other": diagonal(5, 2)},
    ),
    "FullGaussian": (
        FullGaussian, lambda: {"mean": draw(5, 2), "scale_tril": full(5, 2).scale_tril},
    ),
    "FullGaussian.log_prob": (
        lambda value: full(5, 2).log_prob(value), lambda: {"value": draw(5, 2)},
    ),
    "FullGaussian.transform": (
        lambda noise: full(5, 2).transform(noise), lambda: {"noise": draw(3, 5, 2)},
    ),
    "FullGaussian.rsample": (
        lambda **given: full(5, 2).rsample(**given),
        lambda: {"sample_shape": (3,), "generator": torch.Generator().manual_seed(1)},
    ),
    "FullGaussian.kl_to": (lambda other: full(5, 2).kl_to(other), lambda: {"other": full(5, 2)}),
    "weight_variance": (
        gaussian.weight_variance, lambda: {"q": diagonal(5, 2), "posterior": full(5, 2)},
    ),
    "best_diagonal": (gaussian.best_diagonal, lambda: {"posterior": full(5, 2)}),
    "sigma_points": (gaussian.sigma_points, lambda: {"latent_dim": 2, "dtype": torch.float64}),
    "Bernoulli": (Bernoulli, lambda: {"logits": draw(5, 4), "allow_grey": False}),
    "Bernoulli.log_prob": (
        lambda x: Bernoulli(draw(5, 4)).log_prob(x), lambda: {"x": pixels(5, 4)},
    ),
    "Bernoulli.sample": (
        lambda generator: Bernoulli(draw(5, 4)).sample(generator),
        lambda: {"generator": torch.Generator().manual_seed(1)},
    ),
    "Gaussian": (Gaussian, lambda: {"mean": draw(5, 4), "log_var": draw(1)}),
    "Gaussian.log_prob": (
        lambda x: Gaussian(draw(5, 4), draw(1)).log_prob(x), lambda: {"x": draw(5, 4)},
    ),
    "GenerativeModel": (
        models.GenerativeModel, lambda: {"decoder": line().decoder, "latent_dim": 2},
    ),
    "GenerativeModel.decode": (lambda z: vae().decode(z).mean, lambda: {"z": draw(5, 2)}),
    "GenerativeModel.log_joint": (
        lambda x, z: vae().log_joint(x, z), lambda: {"x": pixels(5, 4), "z": draw(5, 2)},
    ),
    "GenerativeModel.sample": (
        lambda **given: vae().sample(**given),
        lambda: {"count": 3, "generator": torch.Generator().manual_seed(1)},
    ),
    "VAE": (
        models.VAE,
        lambda: {
            "encoder": vae().encoder, "decoder": vae().decoder, "data_dim": 4, "latent_dim": 2,
        },
    ),
    "VAE.encode": (lambda x: vae().encode(x).mean, lambda: {"x": pixels(5, 4)}),
    "mlp_vae": (
        models.mlp_vae,
        lambda: {
            "data_dim": 4, "latent_dim": 2, "hidden": (5,), "likelihood": "gaussian",
            "allow_grey": False, "activation": "tanh",
        },
    ),
    "count_weights": (models.count_weights, lambda: {"model": vae()}),
    "mlp": (networks.mlp, lambda: {"sizes": (4, 3), "activation": torch.nn.ReLU}),
    "GaussianEncoder": (
        networks.GaussianEncoder, lambda: {"data_dim": 4, "hidden": (3,), "latent_dim": 2},
    ),
    "BernoulliDecoder": (
        networks.BernoulliDecoder,
        lambda: {"latent_dim": 2, "hidden": (3,), "data_dim": 4, "allow_grey": True},
    ),
    "GaussianDecoder": (
        networks.GaussianDecoder, lambda: {"latent_dim": 2, "hidden": (3,), "data_dim": 4},
    ),
    "LinearEncoder": (networks.LinearEncoder, lambda: {"data_dim": 4, "latent_dim": 2}),
    "LinearDecoder": (
        networks.LinearDecoder,
        lambda: {"weight": draw(4, 2), "bias": draw(4), "log_var": draw()},
    ),
    "LinearGaussian": (
        LinearGaussian, lambda: {"weight": draw(4, 2), "bias": draw(4), "log_var": draw()},
    ),
    "LinearGaussian.encode": (lambda x: line().encode(x).mean, lambda: {"x": draw(5, 4)}),
    "LinearGaussian.log_evidence": (
        lambda x: line().log_evidence(x), lambda: {"x": draw(5, 4)},
    ),
    "LinearGaussian.maximum_likelihood": (
        lambda **given: LinearGaussian.maximum_likelihood(**given).weight,
        lambda: {"x": draw(9, 4), "latent_dim": 2},
    ),
    "em_step": (
        lambda **given: em_step(**given).weight, lambda: {"model": line(), "x": draw(9, 4)},
    ),
    "elbo": (
        elbo,
        lambda: {"model": vae(), "x": pixels(5, 4), "q": diagonal(5, 2), "noise": draw(3, 5, 2)},
    ),
    "elbo, drawn": (
        elbo,
        lambda: {
            "model": vae(), "x": pixels(5, 4), "samples": 3,
            "generator": torch.Generator().manual_seed(1),
        },
    ),
    "log_weights": (
        log_weights,
        lambda: {
            "model": vae(), "x": pixels(5, 4), "k": 3, "q": diagonal(5, 2),
            "noise": draw(3, 5, 2), "chunk": 2,
        },
    ),
    "importance_weighted_bound": (
        importance_weighted_bound,
        lambda: {
            "model": vae("gaussian"), "x": draw(5, 4), "k": 3, "q": diagonal(5, 2),
            "noise": draw(3, 5, 2),
        },
    ),
    "upper_bound": (
        upper_bound,
        lambda: {
            "model": vae("gaussian"), "x": draw(5, 4), "z": draw(5, 2), "k": 3,
            "q": diagonal(5, 2), "chunk": 2, "generator": torch.Generator().manual_seed(1),
        },
    ),
    "quadrature_evidence": (
        evidence.quadrature_evidence,
        lambda: {"model": line(4, 1), "x": draw(5, 4), "points": 301, "limit": 8.0},
    ),
    "posterior_chi_square": (
        evidence.posterior_chi_square,
        lambda: {"model": line(4, 1), "x": draw(5, 4), "points": 301, "limit": 8.0},
    ),
    "monte_carlo_evidence": (
        evidence.monte_carlo_evidence,
        lambda: {
            "model": vae(), "x": pixels(5, 4), "samples": 7,
            "generator": torch.Generator().manual_seed(1),
        },
    ),
    "monte_carlo_relative_variance": (
        evidence.monte_carlo_relative_variance,
        lambda: {"x": draw(5, 4), "log_var": draw(), "samples": 7},
    ),
    "score_function_gradients": (
        gradients.score_function_gradients,
        lambda: {"f": lambda z: (z**2).sum(-1), "q": diagonal(2), "noise": draw(3, 2)},
    ),
    "best_baseline": (
        gradients.best_baseline,
        lambda: {"f": lambda z: (z**2).sum(-1), "q": diagonal(2), "noise": draw(3, 2)},
    ),
    "pathwise_gradients": (
        gradients.pathwise_gradients,
        lambda: {"f": lambda z: (z**2).sum(-1), "q": diagonal(2), "noise": draw(3, 2)},
    ),
    "latent_precision": (
        linear.latent_precision, lambda: {"weight": draw(4, 2), "log_var": draw()},
    ),
    "fixed_noise_maximum": (
        linear.fixed_noise_maximum,
        lambda: {"eigenvalues": spread(), "latent_dim": 2, "variance": 0.5},
    ),
    "forecast_unit_variance": (
        linear.forecast_unit_variance,
        lambda: {"eigenvalues": spread(), "latent_dim": 2, "variance": 0.5},
    ),
    "rate_and_distortion": (
        linear.rate_and_distortion,
        lambda: {"eigenvalues": spread(), "latent_dim": 2, "variance": 0.5, "beta": 2.0},
    ),
    "train_linear_vae": (
        lambda **given: linear.train_linear_vae(**given)[1].weight,
        lambda: {
            "x": draw(9, 4), "latent_dim": 2, "variance": 0.5, "beta": 2.0, "iterations": 2,
            "generator": torch.Generator().manual_seed(1),
        },
    ),
    "log_likelihood": (
        evaluation.log_likelihood,
        lambda: {
            "model": vae(), "x": pixels(5, 4), "k": 3, "chunk": 2,
            "generator": torch.Generator().manual_seed(1), "precision": "float32", "threads": 1,
        },
    ),
    "score_images": (
        lambda **given: evaluation.score_images(**given).values,
        lambda: {"model": vae(), "images": pixels(5, 4), "k": 3, "data": "test", "seed": 1},
    ),
    "Score": (
        evaluation.Score,
        lambda: {"values": draw(5), "k": 3, "data": "test", "binarisation": "fixed"},
    ),
    "bound_at": (evaluation.bound_at, lambda: {"log_weight": draw(6, 5), "k": 3}),
    "effective_sample_size": (
        evaluation.effective_sample_size, lambda: {"log_weight": draw(6, 5)},
    ),
    "optimise_posterior": (
        lambda **given: evaluation.optimise_posterior(**given).mean,
        lambda: {
            "model": vae(), "x": pixels(5, 4), "start": diagonal(5, 2), "steps": 2,
            "learning_rate": 0.1, "samples": 3, "generator": torch.Generator().manual_seed(1),
        },
    ),
    "split_gap": (
        evaluation.split_gap,
        lambda: {"log_evidence": draw(5), "best_bound": draw(5), "bound": draw(5)},
    ),
    "unit_variance": (latents.unit_variance, lambda: {"q": diagonal(5, 2)}),
    "active_units": (latents.active_units, lambda: {"q": diagonal(5, 2), "threshold": 0.1}),
    "aggregate_split": (
        latents.aggregate_split,
        lambda: {
            "q": diagonal(5, 2), "samples": 3, "generator": torch.Generator().manual_seed(1),
        },
    ),
    "linear_aggregate": (
        lambda **given: latents.linear_aggregate(**given)[1],
        lambda: {"weight": draw(2, 4), "noise": covariance(2), "data_covariance": covariance(4)},
    ),
    "entropy": (identities.entropy, lambda: {"p": full(5, 2)}),
    "expected_log_likelihood": (
        identities.expected_log_likelihood, lambda: {"data": full(5, 2), "model": full(5, 2)},
    ),
    "conditional": (
        lambda **given: identities.conditional(**given).mean,
        lambda: {"mean": draw(4), "covariance": covariance(4), "observed": draw(2)},
    ),
    "product": (
        lambda **given: identities.product(**given)[0],
        lambda: {
            "mean": draw(3), "covariance": covariance(3), "other_mean": draw(3),
            "other_covariance": covariance(3),
        },
    ),
    "low_rank_inverse": (
        identities.low_rank_inverse, lambda: {"weight": draw(4, 2), "log_var": draw()},
    ),
    "low_rank_log_det": (
        identities.low_rank_log_det, lambda: {"weight": draw(4, 2), "log_var": draw()},
    ),
    "make_loss": (wrong_losses.make_loss, dict),
    "make_bench": (
        lambda **given: wrong_losses.make_bench(**given).x,
        lambda: {"data_dim": 6, "latent_dim": 2, "count": 5, "seed": 0},
    ),
    **{
        name: (
            getattr(wrong_losses, name),
            lambda more=more: {"loss": wrong_losses.make_loss(), "bench": bench(), **more},
        )
        for name, more in {
            "floor_check": {}, "posterior_check": {}, "blind_check": {}, "doubling_check": {},
            "rescaling_check": {"factor": 10.0}, "slope_check": {"step": 1e-4},
        }.items()
    },
    "kl_weight_to_beta": (
        wrong_losses.kl_weight_to_beta,
        lambda: {"kl_weight": 1.0, "error_weight": 0.5, "error_divisor": 2.0, "kl_divisor": 3.0},
    ),
    "variance_to_kl_weight": (
        wrong_losses.variance_to_kl_weight,
        lambda: {"variance": 1.0, "error_weight": 0.5, "error_divisor": 2.0, "kl_divisor": 3.0},
    ),
    "grey_mass": (wrong_losses.grey_mass, lambda: {"logits": draw(5, 4)}),
    "total_variance": (
        wrong_losses.total_variance, lambda: {"decoded": Bernoulli(draw(5, 4))},
    ),
    "mass_check": (
        wrong_losses.mass_check,
        lambda: {"log_prob": Gaussian(draw(1), draw(1)).log_prob, "low": -9.0, "high": 9.0},
    ),
    "missing_variance": (
        wrong_losses.missing_variance,
        lambda: {"shown": pixels(5, 4), "decoded": Bernoulli(draw(5, 4))},
    ),
    "report_check": (
        wrong_losses.report_check,
        lambda: {"report": lambda model, x, q: elbo(model, x, q).value, "bench": bench()},
    ),
    "binarise": (
        binarise,
        lambda: {
            "images": torch.rand(5, 4), "mode": "dynamic",
            "generator": torch.Generator().manual_seed(1),
        },
    ),
    "plain_fit": (
        plain_fit,
        lambda: {
            "model": vae(), "images": pixels(5, 4), "epochs": 1, "batch_size": 3,
            "learning_rate": 1e-3, "weight_decay": 0.0, "seed": 1,
        },
    ),
    "fit": (
        lambda **given: fit(**given).train_bound,
        lambda: {
            "model": vae(), "train": pixels(5, 4), "validation": pixels(5, 4), "epochs": 1,
            "batch_size": 3, "learning_rate": 1e-3, "weight_decay": 0.0, "epsilon": 1e-8, "k": 2,
            "binarisation": "dynamic", "seed": 1,
        },
    ),
}  # fmt: skip


class Stranger:
    """Nothing that any function expects."""


def corruptions(value):
    """What may stand in an argument's place, by a word for each."""
    wrong = {
        "None": None, "text": "x", "a stranger": Stranger(), "a fraction": 2.5, "-1": -1, "0": 0,
        "True": True, "NaN": math.nan, "infinity": math.inf, "-infinity": -math.inf,
        "much": 10**18, "an empty list": [], "a list of texts": ["a"], "a dictionary": {},
        "an array of objects": np.array([None]), "a number": torch.tensor(1.0),
        "complex numbers": torch.ones(5, 2, dtype=torch.complex64),
        "a class": torch.nn.ReLU, "a function": len, "bytes": b"x", "huge": 1e308, "a 5": 5,
    }  # fmt: skip
    if isinstance(value, torch.Tensor):
        wrong |= of_tensor(value)
    if isinstance(value, DiagonalGaussian | FullGaussian):
        *points, size = value.mean.shape
        wrong |= {
            "of one point less": diagonal(*(count - 1 for count in points), size),
            "of one dimension more": diagonal(*points, size + 1),
            "without points": diagonal(0, size),
            "in single precision": DiagonalGaussian(value.mean.float(), value.mean.float()),
            "with NaN inside": DiagonalGaussian(value.mean * math.nan, value.mean),
            "full": full(*points, size),
            "a likelihood": Bernoulli(draw(5, 2)),
        }
    if isinstance(value, Bernoulli):
        wrong |= {"of nothing": Bernoulli(draw(0, 4)), "of other pixels": Bernoulli(draw(5, 3))}
    if isinstance(value, models.GenerativeModel):
        wrong |= {
            "a model with other pixels": line(3, 2),
            "without encoder": models.GenerativeModel(line().decoder, 2),
            "a layer": torch.nn.Linear(4, 2),
            "with other latents": line(4, 3),
        }
    return wrong


def of_tensor(value):
    """What may be wrong with a tensor: its kind, its shape, its values."""
    first = torch.arange(value.numel()).reshape(value.shape) == 0
    rows = value if value.dim() else value[None]
    return {
        "whole numbers": (3 * value).to(torch.int64),
        "bytes above 1": torch.full_like(value, 200).to(torch.uint8),
        "single precision": value.float(),
        "half precision": value.half(),
        "an array": value.numpy(),
        "a list": value.tolist(),
        "sparse": value.to_sparse(),
        "without values": value.to("meta"),
        "nothing": rows[:0],
        "no columns": rows[..., :0],
        "one dimension more": value[None],
        "one dimension less": rows[0],
        "a column more": torch.cat([rows, rows[..., :1]], -1),
        "a row more": torch.cat([rows, rows[:1]]),
        "turned": value.T if value.dim() == 2 else value[None, None],
        "with NaN": torch.where(first, math.nan, value),
        "with infinity": torch.where(first, math.inf, value),
        "negative": -value,
        "zeros": torch.zeros_like(value),
        "huge values": 1e300 * value,
        "tiny values": 1e-300 * value,
    }
