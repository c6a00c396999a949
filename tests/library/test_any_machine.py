"""What the sources must not do, because some machine has another encoding or lacks a kernel."""

import ast

import pytest
import torch

from tools.paths import ROOT
from vae_lib.models import mlp_vae
from vae_lib.plotting import latent_plane

LIBRARY = sorted((ROOT / "vae_lib").rglob("*.py"))
SOURCES = [path for name in ("vae_lib", "tools", "benchmarks", "book/_ext", "tests")
           for path in sorted((ROOT / name).rglob("*.py"))]  # fmt: skip

# How many arguments stand before ``encoding`` in each call that opens a text, and where its mode
# stands; a mode with "b" needs none.
OPENING = {"open": (3, 1), "read_text": (0, None), "write_text": (1, None)}

# What PyTorch has no kernel for on Apple's GPUs (MPS), or that needs the double precision that
# they do not have.
LACKING = {
    "float64", "double", "complex128", "ndtri", "ndtr", "log_ndtr", "erfcx", "eigh", "eigvalsh",
    "eig", "eigvals", "svd", "svdvals", "slogdet", "logdet", "lstsq", "cholesky_inverse",
    "lu_factor", "igamma", "igammac", "polygamma", "multigammaln", "zeta",
}  # fmt: skip
# Where it is used all the same, and why no model on a GPU comes there.
EXACT = "of exact Gaussians, which are computed on the CPU"
LESSON = "a lesson's own small example, on the CPU"
ALLOWED = {
    ("vae_lib/plotting.py", "float64"): "on the CPU, then moved in the model's precision",
    ("vae_lib/plotting.py", "ndtri"): "on the CPU, as the test below shows",
    ("vae_lib/engine/speed.py", "float64"): "asks the CPU about its own products",
    ("vae_lib/checkpoints.py", "float64"): "a name among those a file may hold",
    ("vae_lib/engine/door.py", "float64"): "of NumPy, before the model's precision",
    ("vae_lib/gaussian.py", "float64"): "the default of sigma_points, which takes another dtype",
    ("vae_lib/gaussian.py", "cholesky_inverse"): EXACT,
    ("vae_lib/gaussian.py", "eigvalsh"): EXACT,
    ("vae_lib/gaussian.py", "logdet"): EXACT,
    ("vae_lib/latents.py", "logdet"): EXACT,
    ("vae_lib/linear.py", "eigh"): EXACT,
    ("vae_lib/outliers.py", "ndtr"): EXACT,
    ("vae_lib/images.py", "float64"): "of NumPy, where a reader's files are read and written",
    ("vae_lib/tables.py", "float64"): "of NumPy, where a reader's files are read and written",
    ("vae_lib/lessons/identities.py", "logdet"): EXACT,
    ("vae_lib/lessons/wrong_losses.py", "float64"): LESSON,
    ("vae_lib/lessons/symptoms.py", "float64"): LESSON,
    ("vae_lib/lessons/symptoms.py", "double"): LESSON,
    ("vae_lib/lessons/exercises/grading.py", "float64"): "compares answers, moved to the CPU",
}


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def named(path):
    return path.relative_to(ROOT).as_posix()


def texts_without_encoding(nodes):
    for node in ast.walk(nodes):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        method = isinstance(function, ast.Attribute)
        name = function.attr if method else getattr(function, "id", "")
        if name not in OPENING or (method and ast.unparse(function.value) in NO_TEXTS):
            continue
        before, mode_at = OPENING[name]
        if mode_at is not None:
            if method:
                before, mode_at = before - 1, mode_at - 1  # Path.open is not given the path
            modes = [word.value for word in node.keywords if word.arg == "mode"]
            modes += node.args[mode_at : mode_at + 1]
            if any("b" in getattr(mode, "value", "") for mode in modes):
                continue
        if len(node.args) <= before and "encoding" not in {word.arg for word in node.keywords}:
            yield f"line {node.lineno}: {ast.unparse(node)[:80]}"


NO_TEXTS = {"os", "Image", "webbrowser", "urllib.request", "self.opener", "tarfile", "zipfile"}


@pytest.mark.parametrize("path", [one for one in SOURCES if "tests" not in one.parts], ids=named)
def test_texts_are_opened_with_their_encoding(path):
    """Windows in Taiwan reads cp950 unless it is told otherwise."""
    assert not list(texts_without_encoding(tree(path)))


@pytest.mark.parametrize(
    ("source", "good"),
    [
        ("open('a')", False),
        ("open('a', 'w')", False),
        ("open('a', 'wb')", True),
        ("open('a', mode='rb')", True),
        ("open('a', encoding='utf-8')", True),
        ("path.open()", False),
        ("path.open('w')", False),
        ("path.open('xb')", True),
        ("path.open('w', encoding='utf-8')", True),
        ("path.read_text()", False),
        ("path.read_text('utf-8')", True),
        ("path.write_text(text)", False),
        ("path.write_text(text, 'utf-8')", True),
        ("path.write_text(text, encoding='utf-8')", True),
        ("os.open(a, flags)", True),
    ],
)
def test_the_scan_for_encodings_finds_what_it_is_for(source, good):
    assert bool(list(texts_without_encoding(ast.parse(source)))) != good


def lacking_on_mps(nodes):
    """Return what MPS lacks of all that is named: torch.float64, x.double(), torch.linalg.eigh."""
    return LACKING & {node.attr for node in ast.walk(nodes) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("path", LIBRARY, ids=named)
def test_nothing_is_asked_of_an_apple_gpu_that_it_lacks(path):
    found = {(named(path), name) for name in lacking_on_mps(tree(path))}
    assert found <= ALLOWED.keys()


def test_the_scan_for_kernels_finds_what_it_is_for():
    source = "class A:\n def f(self, x):\n  return torch.special.ndtri(x.to(torch.float64))"
    assert lacking_on_mps(ast.parse(source)) == {"ndtri", "float64"}


def test_plane_gives_a_gpu_only_what_it_can_take(monkeypatch):
    """Like MPS: no double precision and no ndtri; the meta device stands for the GPU."""
    model = mlp_vae(data_dim=16, latent_dim=2, hidden=(4,)).float().to("meta")
    inverse, decoded = torch.special.ndtri, []

    def on_the_cpu(levels):
        assert levels.device.type == "cpu"
        return inverse(levels)

    class Reached(Exception):
        pass

    def decode(z):
        decoded.append((z.device.type, z.dtype))
        raise Reached

    monkeypatch.setattr(torch.special, "ndtri", on_the_cpu)
    monkeypatch.setattr(model, "decode", decode)
    with pytest.raises(Reached):
        latent_plane(model)
    assert decoded == [("meta", torch.float32)]
