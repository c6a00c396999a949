"""Gaps in the data: factor analysis, whose conditional of what is missing is exact."""

import torch
from torch import Tensor, nn

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError
from vae_lib.gaussian import LOG_2PI, FullGaussian


class FactorAnalysis(nn.Module):
    """x = W z + b + ε with ε ~ N(0, diag ψ): each column has a noise of its own.

    Data are rows (N, D) with NaN where a value is missing; what is missing is integrated out.

    Args:
        weight: W, shape (D, L).
        bias: b, shape (D,).
        log_var: log ψ, shape (D,).

    Raises:
        ValueError: If the shapes do not fit together, or a value is not finite.

    Source: Rubin & Thayer 1982; Ghahramani & Jordan 1994.
    """

    # equation: eq-factor-analysis

    @takes(weight="D L", bias="D", log_var="D")
    def __init__(self, weight: Tensor, bias: Tensor, log_var: Tensor) -> None:
        super().__init__()
        self.weight, self.bias, self.log_var = map(nn.Parameter, (weight, bias, log_var))

    def posterior(self, x: Tensor) -> FullGaussian:
        """The exact p(z|what was seen of x) for rows (N, D): over (N, L).

        Raises:
            ValueError: If ``x`` has another shape, is empty or holds infinite values.
        """
        # equation: eq-observed-posterior
        centred, seen = self._accept(x)
        weight = self.weight.detach()
        share = seen * torch.exp(-self.log_var.detach())  # 1/ψ where seen, else 0: (N, D)
        identity = torch.eye(weight.shape[1], dtype=x.dtype)
        precision = identity + torch.einsum("nd,dl,dm->nlm", share, weight, weight)
        covariance = torch.cholesky_inverse(torch.linalg.cholesky(precision))
        mean = torch.einsum("nlm,nm->nl", covariance, (centred * share) @ weight)
        return FullGaussian(mean, torch.linalg.cholesky(covariance))

    def log_evidence(self, x: Tensor) -> Tensor:
        """The exact log density of what was seen of rows (N, D): shape (N,), in nats.

        Raises:
            ValueError: As for ``posterior``.
        """
        # equation: eq-observed-evidence
        centred, seen = self._accept(x)
        posterior = self.posterior(x)
        z = posterior.mean
        residual = centred - z @ self.weight.detach().T
        log_var = self.log_var.detach()
        noise = -0.5 * (seen * (LOG_2PI + log_var + residual**2 * torch.exp(-log_var))).sum(-1)
        # Bayes' rule at the posterior's mean: log p(z) + log p(x|z) - log p(z|x).
        prior = -0.5 * (z**2 + LOG_2PI).sum(-1)
        return noise + prior - posterior.log_prob(z)

    def impute(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Fill the gaps of rows (N, D) by the exact conditional mean given what was seen.

        Returns:
            The whole rows, and the variance of each value, 0 where it was seen: (N, D) each.

        Raises:
            ValueError: As for ``posterior``.
        """
        # equation: eq-gaussian-imputation
        _, seen = self._accept(x)
        posterior, weight = self.posterior(x), self.weight.detach()
        mean = self.bias.detach() + posterior.mean @ weight.T
        spread = (weight @ posterior.scale_tril).square().sum(-1) + self.log_var.detach().exp()
        return torch.where(seen, x, mean), torch.where(seen, 0.0, spread)

    @classmethod
    @takes()
    def maximum_likelihood(
        cls, x: Tensor, latent_dim: int, iterations: int = 200, seed: int = 0
    ) -> "FactorAnalysis":
        """Fit to incomplete rows by expectation-maximisation: no step makes the evidence less.

        Args:
            x: Rows (N, D), NaN where a value is missing.
            latent_dim: L, less than D.
            iterations: Steps.
            seed: Of the weights at the start.

        Raises:
            ValueError: If the rows cannot be used, a column is constant, or L is not from 1 to
                D - 1.
        """
        if x.dim() != 2 or not 1 <= latent_dim < x.shape[1] or iterations < 1:
            raise InputError(
                f"x has the shape {tuple(x.shape)}, latent_dim is {latent_dim} and iterations "
                f"{iterations}: give rows (N, D), 1 to D - 1 latents and at least 1 step."
            )
        seen = ~x.isnan()
        count = seen.sum(0)
        filled = torch.where(seen, x, 0.0)
        mean = filled.sum(0) / count
        variance = (torch.where(seen, x - mean, 0.0) ** 2).sum(0) / count
        if not (variance > 0).all() or not variance.isfinite().all():
            raise InputError("A column holds fewer than two different finite values: leave it out.")
        generator = torch.Generator().manual_seed(seed)
        start = torch.randn(x.shape[1], latent_dim, dtype=x.dtype, generator=generator)
        scale = (variance / 2).sqrt()
        model = cls(start * scale[:, None] / latent_dim**0.5, mean, (variance / 2).log())
        for _ in range(iterations):
            model._step(filled, seen, variance)
        return model

    @torch.no_grad()
    def _step(self, filled: Tensor, seen: Tensor, variance: Tensor) -> None:
        """One step: the exact posterior of each row, then each column's regression on z."""
        rows = torch.where(seen, filled, torch.nan)
        posterior = self.posterior(rows)
        one = torch.ones_like(posterior.mean[:, :1])
        mean = torch.cat([posterior.mean, one], dim=1)  # of z and 1: (N, L + 1)
        second = mean.unsqueeze(2) * mean.unsqueeze(1)
        latent = self.weight.shape[1]
        second[:, :latent, :latent] += posterior.scale_tril @ posterior.scale_tril.mT
        share = seen.to(filled.dtype)
        moments = torch.einsum("nd,nlm->dlm", share, second)
        right = torch.einsum("nd,nl->dl", filled, mean)
        both = torch.linalg.solve(moments, right)  # (D, L + 1)
        squares = (filled**2).sum(0) - (both * right).sum(1)
        self.weight.copy_(both[:, :-1])
        self.bias.copy_(both[:, -1])
        # A column that is a sum of others would have none left: a millionth of its own stays.
        self.log_var.copy_((squares / share.sum(0)).clamp(min=1e-6 * variance).log())

    def _accept(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """What was seen, less b, and 0 in its gaps; and where it was seen."""
        if (
            x.dim() != 2
            or x.shape[1] != len(self.bias)
            or len(x) == 0
            or x.dtype != self.bias.dtype
        ):
            raise InputError(
                f"x has the shape {tuple(x.shape)} and is of {x.dtype}: give rows of "
                f"{len(self.bias)} values of {self.bias.dtype}, NaN where one is missing."
            )
        if x.isinf().any():
            raise InputError("x holds infinite values: give NaN where a value is missing.")
        seen = ~x.isnan()
        return torch.where(seen, x - self.bias.detach(), 0.0), seen


@takes()
def with_mask(x: Tensor) -> Tensor:
    """Turn rows (N, D) with NaN in their gaps into values, 0 there, and mask: (N, 2 D).

    Raises:
        ValueError: If ``x`` has another shape or holds infinite values.
    """
    if x.dim() != 2 or x.isinf().any():
        raise InputError(f"x has the shape {tuple(x.shape)}: give finite rows (N, D), or NaN.")
    return torch.cat([x.nan_to_num(0.0), (~x.isnan()).to(x.dtype)], dim=1)
