"""The policy of a page: first in its head, with the digests of the very scripts that are in it."""

import base64
import hashlib

import pytest

from tools.build.policy import POLICY, with_policy


def source(code):
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


def policy(*tags):
    page = with_policy(f"<html><head><title>x</title>{''.join(tags)}</head><body></body></html>")
    before, found, rest = page.partition('<meta http-equiv="Content-Security-Policy" content="')
    assert found and before.rstrip() == "<html><head>"
    return rest.partition('"')[0]


def test_page_without_scripts_of_its_own_runs_files_only():
    assert policy('<script src="a.js"></script>', '<script defer src="b.js"></script>') == POLICY
    assert POLICY.endswith("script-src 'self'")


@pytest.mark.parametrize("code", ["let a = 1;", "\n  一 < 2 && '\"';\n", "", "\u2028x"])
def test_each_script_inside_is_known_by_its_digest_once(code):
    tags = [f"<script>{code}</script>", f'<script data-cfasync="false">{code}</script>']
    assert policy(*tags) == f"{POLICY} {source(code)}"


def test_data_needs_no_digest():
    assert policy('<script type="application/json">{}</script>') == POLICY


def test_no_text_becomes_a_function():
    assert "unsafe-eval" not in POLICY


def test_page_without_a_head_is_an_error():
    with pytest.raises(ValueError, match="without a head has no place for its policy: '<header>"):
        with_policy("<header></header>")
