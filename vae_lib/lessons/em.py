"""Expectation–maximisation in the linear model, where both of its steps can be done exactly."""

import torch

from vae_lib.engine.arguments import takes
from vae_lib.engine.door import Images, as_rows
from vae_lib.linear import LinearGaussian


@takes()
def em_step(model: LinearGaussian, x: Images) -> LinearGaussian:
    """Take one step of expectation–maximisation for W, with b and σ² held fixed.

    First q becomes the exact posterior of each data point, then W becomes the one that maximises
    the sum of the bounds for these q: a least-squares problem, solved exactly. log p of the data
    never falls.

    Args:
        model: Where the step starts.
        x: Data, shape (N, D).

    Returns:
        The model with the new W.

    Raises:
        ValueError: If the model refuses ``x``.

    Source: eq-em-ascent.
    """
    x = as_rows(x)
    posterior = model.encode(x)
    mean, spread = posterior.mean, posterior.scale_tril
    second = len(x) * spread @ spread.T + mean.T @ mean  # the sum of E_q[z zᵀ]
    weight = torch.linalg.solve(second, mean.T @ (x - model.bias)).T
    return LinearGaussian(weight, model.bias, model.log_var).requires_grad_(False)
