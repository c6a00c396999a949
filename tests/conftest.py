"""What every test can use: double precision, a seeded generator, random exactly solvable models."""

import matplotlib
import pytest
import torch
from pages import docstring_labels

from vae_lib.gaussian import DiagonalGaussian
from vae_lib.models import LinearGaussian

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def _double_precision():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def random_linear(generator):
    """A function that makes a random linear model, five data points and a random diagonal q."""

    def make(data_dim: int, latent_dim: int):
        model = LinearGaussian(
            torch.randn(data_dim, latent_dim, generator=generator),
            torch.randn(data_dim, generator=generator),
            torch.randn((), generator=generator),
        ).requires_grad_(False)
        x = model.sample(5, generator)
        mean, log_var = torch.randn(2, 5, latent_dim, generator=generator)
        return model, x, DiagonalGaussian(mean, log_var)

    return make


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Say at a failure which equation it refutes and where its function is."""
    report = yield
    for mark in item.iter_markers("equation"):
        if report.when == "call" and report.failed:
            place = docstring_labels().get(mark.args[0], "no function")
            message = f"{place} does not agree with the oracle of {mark.args[0]} in {item.nodeid}"
            report.sections.append(("equation", message))
    return report
