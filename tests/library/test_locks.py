"""One writer at a time: among threads and processes, and whatever becomes of the holder."""

import errno
import os
import subprocess
import sys
import threading
import time

import pytest
from platforms import posix

from tools.paths import ROOT
from vae_lib.engine import locks
from vae_lib.engine.locks import Taken, sole_writer

HOLDER = """
import sys, time
from vae_lib.engine.locks import sole_writer
with sole_writer(sys.argv[1]):
    print("held", flush=True)
    time.sleep(100)
"""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_second_is_refused_until_the_first_has_ended(tmp_path):
    with sole_writer(tmp_path / "a"), sole_writer(tmp_path / "b"):
        assert names(tmp_path) == [".a.lock", ".b.lock"]
        with pytest.raises(Taken), sole_writer(str(tmp_path / "a")):
            pass
    with pytest.raises(ZeroDivisionError), sole_writer(tmp_path / "a"):
        1 / 0  # noqa: B018
    with sole_writer(tmp_path / "a"):
        pass
    assert names(tmp_path) == []


def test_a_link_and_its_target_are_one_file(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "a")
    with (
        sole_writer(tmp_path / "link"),
        pytest.raises(Taken),
        sole_writer(tmp_path / "far" / "a"),
    ):
        pass
    assert names(tmp_path / "far") == []


@posix
def test_lock_of_a_killed_process_is_free_at_once(tmp_path):
    path = tmp_path / "a"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as holder:  # fmt: skip
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Taken), sole_writer(path):
            pass
        holder.kill()
        holder.wait()
    assert names(tmp_path) == [".a.lock"]
    with sole_writer(path):
        pass
    assert names(tmp_path) == []


@posix
def test_lock_that_its_last_holder_removed_meanwhile_is_made_anew(tmp_path, monkeypatch):
    take, removed = locks._take, []

    def late(file):
        take(file)
        if not removed:
            removed.append(True)
            (tmp_path / ".a.lock").unlink()

    monkeypatch.setattr(locks, "_take", late)
    with sole_writer(tmp_path / "a"), pytest.raises(Taken), sole_writer(tmp_path / "a"):
        pass
    assert removed and names(tmp_path) == []


def test_never_two_at_a_time(tmp_path):
    inside, most, turns = [0], [0], [0]
    end = time.monotonic() + 1

    def compete():
        while time.monotonic() < end:
            try:
                with sole_writer(tmp_path / "a"):
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                    time.sleep(0)
                    inside[0] -= 1
                    turns[0] += 1
            except Taken:
                pass

    threads = [threading.Thread(target=compete) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] and turns[0] > 8
    assert names(tmp_path) == []


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP])
def test_file_system_without_locks_is_used_without_them(tmp_path, monkeypatch, number):
    def unknown(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(locks, "_take", unknown)
    with sole_writer(tmp_path / "a"):
        pass
    assert names(tmp_path) == []


def test_link_at_the_lock_s_name_is_not_followed(tmp_path):
    (tmp_path / ".a.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError), sole_writer(tmp_path / "a"):
        pass
    assert names(tmp_path) == [".a.lock"]
