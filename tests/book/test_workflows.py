"""The workflows run what was looked at: actions by commit, with their version, and few rights."""

import os
import re
import subprocess

import yaml

from tools.paths import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PINNED = re.compile(r"[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def test_every_action_is_pinned_by_commit_with_its_version():
    used = re.findall(r"uses: (.*)", "".join(path.read_text("utf-8") for path in WORKFLOWS))
    assert len(used) >= 5
    assert not [one for one in used if not PINNED.fullmatch(one)]


def test_jobs_may_read_and_only_the_publishing_ones_more():
    for path in WORKFLOWS:
        workflow = yaml.safe_load(path.read_text("utf-8"))
        assert workflow["permissions"] == {"contents": "read"}
        more = {name: job["permissions"] for name, job in workflow["jobs"].items()
                if "permissions" in job}  # fmt: skip
        assert more == {
            "publish": {"pages": "write", "id-token": "write"},
            "colab": {"contents": "write"},
        }
        for name in more:  # what may write comes after every check, of main alone
            job = workflow["jobs"][name]
            assert job["needs"] == ["library", "build"]
            assert job["if"] == "github.event_name == 'push' && github.ref == 'refs/heads/main'"
        for job in workflow["jobs"].values():
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False


def test_branch_colab_holds_the_notebooks_and_nothing_before_them(tmp_path):
    """The job that may write fetches what was built and runs git; here its script does so twice."""
    [path] = WORKFLOWS
    fetch, push = yaml.safe_load(path.read_text("utf-8"))["jobs"]["colab"]["steps"]
    assert fetch["uses"].startswith("actions/download-artifact@")
    server = tmp_path / "server"
    subprocess.run(["git", "init", "--quiet", "--bare", server], check=True)
    environment = os.environ | {
        "TOKEN": "secret",
        "GITHUB_REPOSITORY": "a/b",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{server.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://x-access-token:secret@github.com/a/b",
    }
    for name in ("first", "second"):
        folder = tmp_path / name
        (folder / "en").mkdir(parents=True)
        (folder / f"en/{name}.ipynb").write_text("{}")
        script, own = ["bash", "-e", "-c", push["run"]], environment | {"GITHUB_SHA": name}
        subprocess.run(script, cwd=folder, env=own, check=True, capture_output=True)
    git = ["git", "-C", server]
    log = subprocess.check_output([*git, "log", "--format=%s", "colab"], text=True)
    files = subprocess.check_output([*git, "ls-tree", "-r", "--name-only", "colab"], text=True)
    assert (log, files) == ("Notebooks made from second\n", "en/second.ipynb\n")
