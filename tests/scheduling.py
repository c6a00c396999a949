"""Which tests stay in one process: those of a built page, after one visit; those of one run.

pytest-xdist's own ``--dist loadgroup``, by marks, leaves marked tests apart under pytest 9.2.
"""

import re

from xdist.scheduler import LoadScopeScheduling

PAGE = re.compile(r"\[((?:file-)?(?:(?:en|zh-TW)/\S+|404)\.html)\]$")
SHARED = "test_workers.py::test_two_processes", "test_workers.py::test_one_process"
SHARED += ("test_workers.py::test_run_can_go_on", "test_kill.py::", "test_bad_commands.py::")


class ByPage(LoadScopeScheduling):
    """Hand out the tests of a page together, and all others one by one."""

    def _split_scope(self, nodeid: str) -> str:
        if "firefox" in nodeid.partition("[")[2]:  # one Firefox is enough for two cores
            return "firefox"
        if page := PAGE.search(nodeid):
            return page[1]
        shared = any(name in nodeid for name in SHARED)
        return nodeid.partition("::")[0] if shared else nodeid
