"""The workflows run what was looked at: actions by commit, with their version, and few rights."""

import re

import yaml

from tools.paths import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PINNED = re.compile(r"[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def test_every_action_is_pinned_by_commit_with_its_version():
    used = re.findall(r"uses: (.*)", "".join(path.read_text("utf-8") for path in WORKFLOWS))
    assert len(used) >= 5
    assert not [one for one in used if not PINNED.fullmatch(one)]


def test_jobs_may_read_and_only_the_publishing_one_more():
    for path in WORKFLOWS:
        workflow = yaml.safe_load(path.read_text("utf-8"))
        assert workflow["permissions"] == {"contents": "read"}
        more = {name: job["permissions"] for name, job in workflow["jobs"].items()
                if "permissions" in job}  # fmt: skip
        assert more == {"publish": {"pages": "write", "id-token": "write"}}
        for job in workflow["jobs"].values():
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False
