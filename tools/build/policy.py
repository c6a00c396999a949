"""The Content Security Policy of each built page: what it may load and run.

Everything comes from the site itself. Of the scripts inside a page only those run that the build
wrote there, known by their digests; no attribute such as ``onclick`` runs at all. A browser ignores
``frame-ancestors`` in a page, so it is not there.
"""

import re
from base64 import b64encode
from hashlib import sha256

HEAD = re.compile(r"<head\b[^>]*>")
INLINE = re.compile(r'<script(?![^>]*(?:\ssrc=|\stype="[^"]*json"))[^>]*>(.*?)</script>', re.S)
# Styles stay open: formulas and the theme write theirs into the page. To Firefox a page from a disk
# is not the site's own, and its search would stay shut without ``file:``.
POLICY = (
    "default-src 'none'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
    "form-action 'self' file:; base-uri 'self'; style-src 'self' 'unsafe-inline'; script-src 'self'"
)


def with_policy(page: str) -> str:
    """Return a page with its policy, which stands first in the head and so holds for all of it.

    Raises:
        ValueError: If the page has no head.
    """
    digests = (b64encode(sha256(code.encode()).digest()).decode() for code in INLINE.findall(page))
    policy = " ".join([POLICY, *(f"'sha256-{digest}'" for digest in dict.fromkeys(digests))])
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}" />'
    head = HEAD.search(page)
    if not head:
        raise ValueError(f"A page without a head has no place for its policy: {page[:80]!r}.")
    return f"{page[: head.end()]}\n    {meta}{page[head.end() :]}"
