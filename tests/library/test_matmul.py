"""oneDNN multiplies only where it is exact to float32, and only inside the context."""

import pytest
import torch
from agreement import agree

from vae_lib.engine import speed as matmul
from vae_lib.engine.speed import fast_float32, permission_is_unused
from vae_lib.evaluation import log_likelihood
from vae_lib.models import mlp_vae


@pytest.fixture(autouse=True)
def _asked_anew():
    permission_is_unused.cache_clear()
    yield
    permission_is_unused.cache_clear()


def allowed():
    return torch.backends.mkldnn.matmul.fp32_precision


@pytest.mark.parametrize("shapes", [(128, 784, 400), (400, 128, 784), (3, 5, 7)])
def test_products_inside_are_exact_to_float32(shapes, generator):
    """The oracle multiplies in float64; a float32 sum of n products is good to about √n * 6e-8."""
    rows, inner, columns = shapes
    left = torch.randn(rows, inner, generator=generator, dtype=torch.float64)
    right = torch.randn(inner, columns, generator=generator, dtype=torch.float64)
    exact = left @ right
    with fast_float32():
        ours = left.float() @ right.float()
    agree(ours.double() / exact.abs().max(), exact / exact.abs().max(), atol=matmul.ROUNDING)


def test_permission_ends_with_the_context():
    before = allowed()
    with pytest.raises(KeyError), fast_float32():
        assert allowed() == ("bf16" if permission_is_unused() else before)
        raise KeyError
    assert allowed() == before


def test_library_that_rounds_more_is_not_asked(monkeypatch):
    """Were float32 as coarse as the limit, as bfloat16 is, nothing would be changed."""
    monkeypatch.setattr(matmul, "ROUNDING", 1e-9)
    before = allowed()
    with fast_float32():
        assert allowed() == before
    assert not permission_is_unused()


WHERE = {
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "no gradient": torch.inference_mode,
    "another default device": lambda: torch.device("meta"),
}


@pytest.mark.parametrize("where", WHERE)
def test_answer_does_not_depend_on_where_it_is_first_asked(where):
    """It holds for the whole process, so it is about float32 products on the CPU, always."""
    answer = permission_is_unused()
    permission_is_unused.cache_clear()
    with WHERE[where]():
        assert permission_is_unused() == answer


def test_bfloat16_first_leaves_float32_as_it_is(monkeypatch):
    """A likelihood in bfloat16 asks under autocast; what it learns must serve float32 too."""
    errors = []
    ask = permission_is_unused.__wrapped__

    def watched():
        errors.append(ask())
        return errors[-1]

    monkeypatch.setattr(matmul, "permission_is_unused", watched)
    torch.manual_seed(0)
    model = mlp_vae(data_dim=9, latent_dim=2, hidden=(5,)).float()
    x = torch.zeros(3, 9, dtype=torch.float32)
    for precision in ("bfloat16", "float32"):
        log_likelihood(model, x, 4, precision=precision)
    assert errors[0] == errors[1] == permission_is_unused()
