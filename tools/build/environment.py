"""The environment of whatever the build starts: the same on every machine, for every reader.

A reader's settings would end in the pages, such as a backend of matplotlib that draws nothing or a
kernel of another project. So only variables are handed on without which programs or the network
are not found; home and working folder lie in ``_build``, where no file of the reader's is met.
"""

import os
import re

from tools.paths import BUILD, ROOT

HOME = BUILD / "home"
KEPT = re.compile(
    r"(LD_LIBRARY_|DYLD_LIBRARY_)?PATH|USER|LOGNAME|TERM|TMPDIR|TEMP|TMP|SYSTEMROOT"
    r"|CUDA_VISIBLE_DEVICES|(HTTPS?|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS"
    r"|NPM_CONFIG_REGISTRY",
    re.I,
)


def clean_environment() -> dict[str, str]:
    """Return the environment; kernels report errors only in it, and Python finds ``tools``.

    A kernel would otherwise warn, once a notebook, that it talks to the build over plain TCP.
    """
    profile = HOME / "ipython/profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    settings = "get_config().Application.log_level = 40\n"
    (profile / "ipython_kernel_config.py").write_text(settings, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
    return kept | {
        "HOME": str(HOME),
        "IPYTHONDIR": str(profile.parent),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
    }
