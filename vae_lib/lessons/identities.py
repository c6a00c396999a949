"""Identities of Gaussian densities and low-rank matrices that the chapters' derivations rest on.

Here are those that no other function uses; the appendix on identities proves all of them.
"""

import torch
from torch import Tensor

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError, require_covariance
from vae_lib.gaussian import LOG_2PI, FullGaussian
from vae_lib.linear import latent_precision


@takes(p="... L")
def entropy(p: FullGaussian) -> Tensor:
    """The entropy -E[log p] of p: shape (...), in nats.

    Added to the mean of log p(x, z) over draws from it, it gives the ELBO: eq-energy-entropy.

    Source: eq-gaussian-entropy.
    """
    return 0.5 * p.mean.shape[-1] * (LOG_2PI + 1.0) + p.half_log_det


@takes(data="... n", model="... n")
def expected_log_likelihood(data: FullGaussian, model: FullGaussian) -> Tensor:
    """E_data[log p(x)] for data and a model that are both Gaussian: shape (...), in nats.

    Source: eq-maximum-likelihood.
    """
    return -entropy(data) - data.kl_to(model)


@takes(mean="n", covariance="n n", observed="k")
def conditional(mean: Tensor, covariance: Tensor, observed: Tensor) -> FullGaussian:
    """Condition a joint Gaussian on its last entries.

    Args:
        mean: Of the joint, shape (n,).
        covariance: Of the joint, shape (n, n).
        observed: Values of its last entries, shape (k,) with k < n.

    Returns:
        The Gaussian of the first n - k entries, given the others.

    Raises:
        ValueError: If k is not between 1 and n - 1, or the covariance is none.

    Source: eq-gaussian-conditional.
    """
    split = len(mean) - len(observed)
    if not 0 < split < len(mean):
        raise InputError(
            f"{len(observed)} of {len(mean)} entries are observed: choose 1 to {len(mean) - 1}."
        )
    require_covariance("covariance", covariance)
    cross, seen = covariance[:split, split:], covariance[split:, split:]
    gain = torch.linalg.solve(seen, cross.T).T  # (n - k, k)
    remaining = covariance[:split, :split] - gain @ cross.T
    return FullGaussian(
        mean[:split] + gain @ (observed - mean[split:]), torch.linalg.cholesky(remaining)
    )


@takes(mean="n", covariance="n n", other_mean="n", other_covariance="n n")
def product(
    mean: Tensor, covariance: Tensor, other_mean: Tensor, other_covariance: Tensor
) -> tuple[Tensor, FullGaussian]:
    """Multiply two Gaussian densities of the same variable.

    Args:
        mean: a, shape (n,).
        covariance: A, shape (n, n).
        other_mean: b, shape (n,).
        other_covariance: B, shape (n, n).

    Returns:
        The logarithm of the number in front, shape (), and the Gaussian that it multiplies.

    Raises:
        ValueError: If the shapes do not fit together, or a covariance is none.

    Source: eq-gaussian-product.
    """
    require_covariance("covariance", covariance)
    require_covariance("other_covariance", other_covariance)
    total = torch.linalg.cholesky(covariance + other_covariance)
    log_scale = FullGaussian(other_mean, total).log_prob(mean)
    precision, other_precision = torch.linalg.inv(covariance), torch.linalg.inv(other_covariance)
    combined = torch.linalg.inv(precision + other_precision)
    centre = combined @ (precision @ mean + other_precision @ other_mean)
    return log_scale, FullGaussian(centre, torch.linalg.cholesky(combined))


@takes(weight="D L", log_var="")
def low_rank_inverse(weight: Tensor, log_var: Tensor) -> Tensor:
    """Invert W Wᵀ + σ² I by inverting an L × L matrix only.

    Args:
        weight: W, shape (D, L).
        log_var: log σ², shape ().

    Returns:
        Shape (D, D).

    Source: eq-woodbury.
    """
    inverse = torch.linalg.inv(latent_precision(weight, log_var))
    identity = torch.eye(len(weight), dtype=weight.dtype, device=weight.device)
    return (identity - weight @ inverse @ weight.T * torch.exp(-log_var)) * torch.exp(-log_var)


@takes(weight="D L", log_var="")
def low_rank_log_det(weight: Tensor, log_var: Tensor) -> Tensor:
    """Compute log det(W Wᵀ + σ² I) from the determinant of an L × L matrix, shape ().

    Args:
        weight: W, shape (D, L).
        log_var: log σ², shape ().

    Source: eq-determinant-lemma.
    """
    return len(weight) * log_var + torch.logdet(latent_precision(weight, log_var))
