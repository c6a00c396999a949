"""Factor analysis on rows with gaps: evidence, posterior and what was in the gaps, all exact.

A mask ``seen`` has 1 where an entry was observed and 0 where it was not; what stands in the data
there is never read, but must be finite.
"""

import torch
from torch import Tensor, nn

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import (
    InputError,
    require_finite_values,
    require_fitting,
    require_mask,
)
from vae_lib.gaussian import LOG_2PI, FullGaussian


class FactorAnalysis(nn.Module):
    """x = W z + b + noise whose variance ψ_d is each column's own: exact also on rows with gaps.

    With equal ψ_d it is probabilistic PCA, ``linear.LinearGaussian``.

    Args:
        weight: W, shape (D, L).
        bias: b, shape (D,).
        log_var: log ψ, shape (D,).

    Raises:
        ValueError: If the shapes do not fit together, or a value is not finite.

    Source: eq-observed-evidence.
    """

    @takes(weight="D L", bias="D", log_var="D")
    def __init__(self, weight: Tensor, bias: Tensor, log_var: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.bias = nn.Parameter(bias, requires_grad=False)
        self.log_var = nn.Parameter(log_var, requires_grad=False)

    @takes(x="B D", seen="B D")
    def posterior(self, x: Tensor, seen: Tensor) -> FullGaussian:
        """p(z|x_o), from the observed entries alone.

        Args:
            x: Data, shape (B, D).
            seen: The mask, shape (B, D).

        Returns:
            A Gaussian over (B, L).

        Raises:
            ValueError: If ``seen`` is no mask, or the shapes do not fit.

        Source: eq-observed-posterior.
        """
        require_mask(seen)
        require_fitting("x", x, self.bias.shape, "the bias")
        require_finite_values("x, squared,", x**2)
        scaled = (seen * torch.exp(-self.log_var)).unsqueeze(-1) * self.weight  # (B, D, L)
        identity = torch.eye(self.weight.shape[1]).to(x)
        covariance = torch.linalg.inv(identity + scaled.mT @ self.weight)  # (B, L, L)
        mean = torch.einsum("bjl,bdl,bd->bj", covariance, scaled, x - self.bias)
        return FullGaussian(mean, torch.linalg.cholesky(covariance))

    @takes(x="B D", seen="B D")
    def log_evidence(self, x: Tensor, seen: Tensor) -> Tensor:
        """The exact log p(x_o) of the observed entries: shape (B,), in nats; 0 for an empty row.

        By Bayes' rule at one z, the posterior mean: log p(x_o|z) + log p(z) - log p(z|x_o).

        Args:
            x: Data, shape (B, D).
            seen: The mask, shape (B, D).

        Raises:
            ValueError: As ``posterior`` does.

        Source: eq-observed-evidence.
        """
        posterior = self.posterior(x, seen)
        z = posterior.mean
        missed = (x - z @ self.weight.T - self.bias) ** 2 * torch.exp(-self.log_var)
        log_likelihood = -0.5 * (seen * (missed + self.log_var + LOG_2PI)).sum(-1)
        return log_likelihood - 0.5 * z.square().sum(-1) + posterior.half_log_det

    @takes(x="B D", seen="B D")
    def conditional(self, x: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """p(x_m|x_o), what was probably in the gaps: exact.

        Args:
            x: Data, shape (B, D).
            seen: The mask, shape (B, D).

        Returns:
            Mean (B, D), which is x where x was observed, and covariance (B, D, D), 0 there.

        Raises:
            ValueError: As ``posterior`` does.

        Source: eq-missing-conditional.
        """
        posterior = self.posterior(x, seen)
        gap = 1 - seen
        mean = seen * x + gap * (posterior.mean @ self.weight.T + self.bias)
        spread = gap.unsqueeze(-1) * self.weight @ posterior.scale_tril  # (B, D, L)
        return mean, spread @ spread.mT + torch.diag_embed(gap * self.log_var.exp())

    @takes(x="B D", seen="B D")
    def improved(self, x: Tensor, seen: Tensor) -> "FactorAnalysis":
        """Take one step of expectation–maximisation for W, b and ψ: log p(x_o) never falls.

        Given all z, each column is a regression of its own, over the rows that have it.

        Args:
            x: Data, shape (B, D), at least two observed values in each column.
            seen: The mask, shape (B, D).

        Raises:
            ValueError: As ``posterior`` does, and if a column has fewer than two values.

        Source: eq-factor-em (Rubin & Thayer 1982).
        """
        posterior = self.posterior(x, seen)
        counts = seen.sum(0)
        if (counts < 2).any():
            raise InputError(
                f"Column {int(counts.argmin())} has {int(counts.min())} observed values: leave "
                "out columns with fewer than 2."
            )
        one = torch.ones_like(x[:, :1])
        mean = torch.cat([posterior.mean, one], -1)  # of z and a 1 behind it, (B, L + 1)
        second = mean.unsqueeze(-1) * mean.unsqueeze(-2)  # their E[· ·ᵀ], (B, L + 1, L + 1)
        second[:, :-1, :-1] += posterior.scale_tril @ posterior.scale_tril.mT
        inner = torch.einsum("bd,bij->dij", seen, second)
        cross = torch.einsum("bd,bi->di", seen * x, mean)
        both = torch.linalg.solve(inner, cross)  # W and b, (D, L + 1)
        missed = (seen * x**2).sum(0) - (both * cross).sum(-1)
        return FactorAnalysis(both[:, :-1], both[:, -1], (missed / counts).log())


@takes(x="B D", seen="B D")
def fit_factor_analysis(
    x: Tensor,
    seen: Tensor,
    latent_dim: int,
    steps: int = 200,
    generator: torch.Generator | None = None,
) -> FactorAnalysis:
    """Fit factor analysis to rows with gaps by expectation–maximisation.

    Args:
        x: Data, shape (B, D), best of similar scales and in double precision.
        seen: The mask, shape (B, D).
        latent_dim: L.
        steps: Of expectation–maximisation.
        generator: Source of the weights at the start.

    Raises:
        ValueError: If a size is less than 1, or as ``FactorAnalysis.improved`` does.

    Source: eq-factor-em.
    """
    if latent_dim < 1 or steps < 1:
        raise InputError(f"latent_dim is {latent_dim}, steps {steps}: each at least 1.")
    counts = seen.sum(0).clamp(min=1)
    mean = (seen * x).sum(0) / counts
    variance = (seen * (x - mean) ** 2).sum(0) / counts
    if (variance == 0).any():
        raise InputError(f"Column {int(variance.argmin())} never changes: leave it out.")
    start = torch.randn(x.shape[1], latent_dim, generator=generator).to(x)
    model = FactorAnalysis(0.5 * variance.sqrt().unsqueeze(-1) * start, mean, variance.log())
    for _ in range(steps):
        model = model.improved(x, seen)
    return model
