"""Files that are written whole or not at all, through links and beside other writers."""

import errno
import os
import stat
import threading

import pytest

from vae_lib.engine.writing import write_whole


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_content_and_mode_are_those_of_an_ordinary_file(tmp_path):
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "a", b"\x00\xff")
        write_whole(str(tmp_path / "a"), b"text")
        (tmp_path / "ordinary").write_bytes(b"")
    finally:
        os.umask(before)
    assert (tmp_path / "a").read_bytes() == b"text" and names(tmp_path) == ["a", "ordinary"]
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in names(tmp_path)}
    assert modes == {0o640}


def test_file_that_is_replaced_keeps_its_mode(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o604)
    write_whole(path, b"new")
    assert path.read_bytes() == b"new" and stat.S_IMODE(path.stat().st_mode) == 0o604


@pytest.mark.parametrize("existing", [True, False])
def test_link_stays_a_link_and_its_target_is_written(tmp_path, existing):
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "target", tmp_path / "link"
    if existing:
        target.write_bytes(b"old")
    link.symlink_to(target)
    write_whole(link, b"new")
    assert link.is_symlink() and target.read_bytes() == b"new"
    assert names(tmp_path) == ["far", "link"] and names(tmp_path / "far") == ["target"]


def test_link_at_the_temporary_name_is_not_followed(tmp_path, monkeypatch):
    monkeypatch.setattr("secrets.token_hex", lambda _: "0" * 8)
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / ".a.00000000.part").symlink_to(tmp_path / "precious")
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert names(tmp_path) == [".a.00000000.part", "precious"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("place", ["os.fsync", "pathlib.Path.replace"])
def test_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, number, place):
    (tmp_path / "a").write_bytes(b"old")

    def fails(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(place, fails)
    with pytest.raises(OSError, match=os.strerror(number)):
        write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old" and names(tmp_path) == ["a"]


def _folder(path):
    path.mkdir()


def _loop(path):
    path.symlink_to(path)


@pytest.mark.parametrize("make", [_folder, _loop, os.mkfifo], ids=["folder", "loop", "fifo"])
def test_what_is_no_file_is_not_replaced(tmp_path, make):
    make(tmp_path / "a")
    kind = (tmp_path / "a").lstat().st_mode
    with pytest.raises(OSError):
        write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").lstat().st_mode == kind and names(tmp_path) == ["a"]


@pytest.mark.parametrize("name", ["x" * 250, "x" * 300, "away/a"])
def test_place_that_cannot_be_is_an_os_error(tmp_path, name):
    with pytest.raises(OSError):
        write_whole(tmp_path / name, b"new")
    assert names(tmp_path) == []


def test_writers_of_one_file_do_not_mix(tmp_path):
    path, contents = tmp_path / "a", [bytes([number]) * 300_000 for number in range(8)]
    threads = [threading.Thread(target=write_whole, args=(path, each)) for each in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents and names(tmp_path) == ["a"]
