"""Command lines, each in a process of its own that need not load PyTorch again.

``test_bad_commands`` starts this file. From the standard input it reads a list of command lines as
JSON; each runs in a fork, in a folder of its own. To the standard output it writes what came of
each: the exit status (negative after a signal), both outputs, and whether the folder still holds
what it held before, and nothing else.
"""

import json
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path

from vae_lib.cli.commands import main

PATIENCE = 20  # seconds; a refusal takes hundredths of one


def prepare(folder):
    """Put into a folder what a command line may meet there."""
    for name in ("text", "old.safetensors", "old.json"):
        (folder / name).write_bytes(b"precious")
    (folder / "folder").mkdir()
    (folder / "nowhere").symlink_to("away/file")


def content(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def status_of(arguments):
    sys.argv = ["vae_lib", *arguments]
    try:
        main()
    except SystemExit as end:
        return end.code
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def run(arguments):
    with tempfile.TemporaryDirectory() as place:
        folder, streams = Path(place) / "folder", [Path(place) / name for name in ("out", "err")]
        folder.mkdir()
        prepare(folder)
        before = content(folder)
        pid = os.fork()
        if pid == 0:
            signal.alarm(PATIENCE)
            for number, path in enumerate(streams, 1):
                os.dup2(os.open(path, os.O_CREAT | os.O_WRONLY), number)
            os.chdir(folder)
            os._exit(status_of(arguments))
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        out, err = (path.read_text("utf-8") for path in streams)
        return {"status": status, "out": out, "err": err, "kept": content(folder) == before}


if __name__ == "__main__":
    results = [run(arguments) for arguments in json.load(sys.stdin)]
    json.dump(results, sys.stdout)
