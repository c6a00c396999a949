"""One file from the network: bounded in size and time, whatever the other side does."""

import http.client
import threading
import time
import urllib.error
import urllib.request

PATIENCE = 10  # seconds, and then as many as SLOWEST allows
SLOWEST = 20_000  # bytes a second


def fetch(address: str, most: int, seconds: float) -> bytes:
    """Return what lies at an address, at most so many bytes, in at most so many seconds.

    A thread of its own waits for them: a socket counts its timeout from byte to byte, and looking
    up a name has none.

    Raises:
        TimeoutError: If it takes too long, or is slower than ``SLOWEST`` after ``PATIENCE``.
        Exception: Of many kinds, if the connection breaks.
    """
    start = time.monotonic()
    parts: list[bytes] = []
    faults: list[Exception] = []

    def late() -> bool:
        passed = time.monotonic() - start
        return passed > min(seconds, PATIENCE + sum(map(len, parts)) / SLOWEST)

    def receive() -> None:
        try:
            with urllib.request.urlopen(address, timeout=PATIENCE) as reply:
                left = most
                while left and (part := reply.read1(min(left, 2**16))):
                    if late():
                        raise TimeoutError("it is too slow")  # what is there is not the whole
                    parts.append(part)
                    left -= len(part)
                if left and reply.length:  # it promised more
                    raise http.client.IncompleteRead(b"".join(parts), reply.length)
        except urllib.error.HTTPError as error:
            error.close()
            faults.append(error)
        except Exception as error:  # raised again where it can be caught
            faults.append(error)

    thread = threading.Thread(target=receive, daemon=True)
    thread.start()
    while thread.is_alive():
        if late():
            raise TimeoutError("it is too slow")
        thread.join(0.05)
    if faults:
        raise faults[0]
    return b"".join(parts)
