"""The commands that tend the book."""

import shlex
import socket
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from tools.build.book import describe_failure, merge
from tools.build.notebooks import read_notebook, write_notebook
from tools.build.site_files import site_map
from tools.build.static_files import wanted
from tools.build.sync_code import synchronise
from tools.paths import LANGUAGES, ROOT, notebook_paths
from tools.site.browsing import serve


def _code(source, **metadata):
    return {"cell_type": "code", "id": source, "source": source, "metadata": metadata}


def _text(source):
    return {"cell_type": "markdown", "id": source, "source": source, "metadata": {}}


def test_synchronise_copies_code_and_tags_and_keeps_the_chinese_words():
    english = [_text("Hello"), _code("x = 1", tags=["hide-input"], mystnb={"image": {"alt": "A"}})]
    chinese = [_text("你好"), _code("x = 2", mystnb={"image": {"alt": "甲"}})]
    synchronise(english, chinese, "zh.ipynb")
    assert [cell["source"] for cell in chinese] == ["你好", "x = 1"]
    assert [cell["id"] for cell in chinese] == ["Hello", "x = 1"]
    assert chinese[1]["metadata"] == {"tags": ["hide-input"], "mystnb": {"image": {"alt": "甲"}}}


def test_synchronise_refuses_another_structure():
    with pytest.raises(SystemExit, match=r"zh\.ipynb: cell 2 is markdown"):
        synchronise([_text("a"), _code("b")], [_text("a"), _text("b")], "zh.ipynb")
    with pytest.raises(SystemExit, match=r"zh\.ipynb: cell 2 is in one language only"):
        synchronise([_text("a"), _code("b")], [_text("a")], "zh.ipynb")


def test_merge_changes_only_what_the_language_names():
    shared = {"title": "a", "sphinx": {"config": {"language": "en", "numfig": True}}}
    own = {"title": "b", "sphinx": {"config": {"language": "zh_TW"}}}
    merged = {"title": "b", "sphinx": {"config": {"language": "zh_TW", "numfig": True}}}
    assert merge(shared, own) == merged


def test_failed_build_names_the_notebook_and_its_error(tmp_path):
    report = tmp_path / "04_gradients.err.log"
    report.write_text("Traceback\n\x1b[31mZeroDivisionError\x1b[39m: division by zero\n")
    expected = "book/en/04_gradients.ipynb failed: ZeroDivisionError: division by zero"
    assert describe_failure("en", tmp_path) == expected


def test_packages_that_lack_a_wanted_file_end_the_build(tmp_path):
    (tmp_path / "a.woff2").touch()
    assert wanted(tmp_path, "*.woff2") == [tmp_path / "a.woff2"]
    with pytest.raises(SystemExit, match=r"hold no a/b\.js: change WANTED"):
        wanted(tmp_path, "a/b.js")


def test_site_map_without_alternates_is_an_error(tmp_path):
    (tmp_path / "index.html").write_text("<head></head>")
    with pytest.raises(ValueError, match="names its alternates"):
        site_map(tmp_path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_notebooks_are_stored_in_one_form(language, tmp_path):
    for path in notebook_paths(language):
        write_notebook(tmp_path / path.name, read_notebook(path))
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), f"{path} is stored oddly"


def listens_on_this_machine_alone(port):
    """Linux gives this machine 127.0.0.2 too; who listens for everyone answers there."""
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=5)
    return True


@pytest.mark.skipif(sys.platform != "linux", reason="127.0.0.2 is this machine on Linux only")
def test_make_serve_and_make_live_serve_this_machine_alone(tmp_path):
    with serve(tmp_path) as address:
        port = int(address.rpartition(":")[2])
        assert listens_on_this_machine_alone(port)
    command = ["make", "--no-print-directory", "-n", "-o", ".venv/.installed", "serve"]
    told = subprocess.check_output([*command, f"PORT={port}"], cwd=ROOT, text=True)
    server = subprocess.Popen(shlex.split(told), cwd=ROOT, stderr=subprocess.PIPE)
    try:
        for _ in range(100):
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.1)
        assert listens_on_this_machine_alone(port)
    finally:
        server.kill()
        server.communicate()
