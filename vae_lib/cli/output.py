"""What the command line prints: in any encoding, and also when nobody reads it any more."""

import codecs
import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO, TypeVar

T = TypeVar("T")
PLAIN = "vae_lib.plain"  # the name of the error handler below
ASCII = {
    "≥": ">=", "≤": "<=", "±": "+-", "…": "...", "−": "-", "–": "-", "‖": "||", "×": "x",
    "σ": "sigma", "²": "^2", "’": "'", "█": "#",
}  # fmt: skip
# The reader of a pipe has ended, or the terminal is gone; Windows calls a broken pipe invalid.
GONE = {errno.EPIPE, errno.EIO} | ({errno.EINVAL} if os.name == "nt" else set())


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Spell in ASCII what an encoding lacks, or give its number: no figure is lost for a sign."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(ASCII.get(sign) or escaped(sign) for sign in lacking), error.end


codecs.register_error(PLAIN, _plainly)


def escaped(sign: str) -> str:
    r"""Return a character as Python writes it in ASCII: ``\n``, ``\xe9``, ``\udcff``."""
    return sign.encode("unicode_escape").decode("ascii")


def one_line(message: str) -> str:
    """Return a message whose file names may hold anything as one printable line."""
    return "".join(sign if sign.isprintable() else escaped(sign) for sign in message)


class Output(io.TextIOWrapper):
    """A stream over another one's bytes that goes on, into nothing, once its reader has ended."""

    def write(self, text: str) -> int:
        """Write; anything but a lost reader is raised."""
        return self._or_nowhere(lambda: super(Output, self).write(text)) or len(text)

    def flush(self) -> None:
        """Flush; anything but a lost reader is raised."""
        self._or_nowhere(super().flush)

    def close(self) -> None:
        """Leave the bytes' stream open: it is another one's."""
        self.flush()

    def _or_nowhere(self, action: Callable[[], T]) -> T | None:
        try:
            return action()
        except OSError as error:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())  # what is still buffered goes there, too
            os.close(nowhere)
            if error.errno not in GONE:
                raise
            return None


@contextmanager
def spoken() -> Iterator[None]:
    """Within it standard output and errors take every character and outlive their reader."""
    before = sys.stdout, sys.stderr
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        try:
            # A stream is None if it was closed when the program started.
            sys.stdout, sys.stderr = (_safe(nowhere if one is None else one) for one in before)
            yield
        finally:
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError):  # the command itself has said what is wrong
                    stream.flush()
            sys.stdout, sys.stderr = before


def _safe(stream: TextIO) -> TextIO:
    if not isinstance(stream, io.TextIOWrapper):  # a notebook's
        return stream
    stream.flush()
    return Output(
        stream.buffer, stream.encoding, PLAIN,
        line_buffering=stream.line_buffering, write_through=stream.write_through,
    )  # fmt: skip
