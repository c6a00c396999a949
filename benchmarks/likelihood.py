"""How fast log p(x) is estimated: vae_lib beside pythae's ``get_nll``, time and memory.

Run it as ``python -m benchmarks.likelihood --folder FOLDER``, the folder with the four MNIST files.
"""

import math
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from benchmarks import report
from benchmarks.contestants import Net, parameters
from benchmarks.images import binary_images
from benchmarks.processes import measured
from vae_lib.engine.checks import Precision
from vae_lib.engine.devices import Machine
from vae_lib.evaluation import log_likelihood
from vae_lib.models import VAE, mlp_vae
from vae_lib.training import fit

Estimate = Callable[[Tensor], float]  # images (B, D) to their mean log p(x), in nats


def ours(model: VAE, precision: Precision, k: int, x: Tensor) -> float:
    """Estimate with vae_lib."""
    return log_likelihood(model, x, k, precision=precision).mean().item()


def pythae(net: Net, k: int, batch: int, x: Tensor) -> float:
    """Estimate with pythae, without the graph for gradients that it would keep.

    Despite its name, ``get_nll`` of the pinned version returns log p(x), not its negative.
    """
    from benchmarks.pythae_model import pythae_vae  # here, for the memory of those who need it

    with torch.no_grad():
        return float(pythae_vae(net).get_nll(x.reshape(-1, 1, 28, 28), k, batch))


def estimators(weights: list[Tensor], k: int) -> dict[str, Estimate]:
    """Return the contestants, all with the same weights, by name."""
    model, net = mlp_vae(), Net()
    with torch.no_grad():
        for copy in (parameters(model), list(net.parameters())):
            for parameter, weight in zip(copy, weights, strict=True):
                parameter.copy_(weight)
    return {
        "pythae, 100 draws at once (default)": partial(pythae, net, k, 100),
        "pythae, all draws at once": partial(pythae, net, k, k),
        "vae_lib float32": partial(ours, model, "float32", k),
        "vae_lib bfloat16": partial(ours, model, "bfloat16", k),
    }


def estimate(name: str, weights: list[Tensor], k: int, x: Tensor, seed: int = 0) -> dict[str, Any]:
    """Time one contestant, after 32 images to warm up; called alone in its process."""
    torch.manual_seed(seed)
    estimator = estimators(weights, k)[name]
    estimator(x[:32])
    start = time.perf_counter()
    value = estimator(x)
    return {"seconds": time.perf_counter() - start, "log_likelihood": value}


def difference_to_the_naive_sum(k: int = 1000) -> float:
    """Return the largest difference to the log of one plain sum, on a small model, in nats."""
    torch.manual_seed(0)
    model = mlp_vae(data_dim=12, latent_dim=3, hidden=(16,)).double()
    x = torch.bernoulli(torch.full((5, 12), 0.4, dtype=torch.float64))
    fast = log_likelihood(model, x, k, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        q = model.encode(x)
        proposal = torch.distributions.Normal(q.mean, torch.exp(q.log_var / 2))
        same = torch.Generator().manual_seed(1)
        blocks = [
            torch.randn(100, 5, 3, generator=same, dtype=torch.float64) for _ in range(k // 100)
        ]
        noise = torch.cat(blocks)  # drawn in the same order
        z = proposal.loc + proposal.scale * noise
        pixels = torch.distributions.Bernoulli(model.decode(z).mean)
        prior = torch.distributions.Normal(torch.zeros_like(z), 1.0)
        log_weights = pixels.log_prob(x).sum(-1) + prior.log_prob(z).sum(-1)
        log_weights -= proposal.log_prob(z).sum(-1)
        naive = torch.log(torch.exp(log_weights).sum(0)) - math.log(k)
    return (fast - naive).abs().max().item()


def main() -> None:
    """Run the command."""
    options = report.options("likelihood", __doc__, rounds=3)
    options.add_argument("--images", type=int, default=32, help="test images in a timing")
    options.add_argument("--k", type=int, default=5000, help="draws of z per image")
    options.add_argument(
        "--whole", action="store_true", help="also all 10,000 test images (vae_lib)"
    )
    given = options.parse_args()
    torch.set_num_threads(report.THREADS)
    train, test, kind = binary_images(given.folder, train=12_800)
    torch.manual_seed(0)
    model = mlp_vae()
    fit(model, train, epochs=3, binarisation="none", machine=Machine("cpu"))
    weights = [parameter.detach().clone() for parameter in parameters(model)]
    few = test[: given.images]
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in estimators(weights, given.k)}
    for number in range(given.rounds):
        for name, own in list(runs.items())[:: 1 - 2 * (number % 2)]:  # forwards, then backwards
            own.append(measured(estimate, name, weights, given.k, few, number))
    seconds = {
        name: report.spread([run["seconds"] / len(few) for run in own])
        for name, own in runs.items()
    }
    first = next(iter(seconds.values()))["median"]
    found: dict[str, Any] = {}
    for name, own in runs.items():
        found[name] = {
            "seconds_per_image": seconds[name],
            "times_faster": first / seconds[name]["median"],
            "log_likelihood": statistics.mean(run["log_likelihood"] for run in own),
            "peak_mib": max(run["peak_mib"] for run in own),
        }
        print(f"{name}: {found[name]}", flush=True)
    results = {
        "kind": kind, "images": len(few), "k": given.k, "rounds": given.rounds,
        "contestants": found, "difference_to_the_naive_sum": difference_to_the_naive_sum(),
    }  # fmt: skip
    if given.whole:
        results["whole"] = {
            name: {**measured(estimate, name, weights, given.k, test), "images": len(test)}
            for name in ("vae_lib float32", "vae_lib bfloat16")
        }
    report.write("likelihood", results, given.output)


if __name__ == "__main__":
    main()
