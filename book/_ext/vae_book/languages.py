"""Each page's link to the same page in the other language, and the same told to search engines.

The built pages of both languages have the same names, so the link is made from the name alone and
is relative: it also works where the pages are opened as files. ``language_switch.js`` adds the
section that the reader is in. The ``alternate`` links in the head need absolute addresses; they
start with ``html_baseurl``, which ``tools/build/book.py`` makes from the repository's address.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

NAMES = {"en": "English", "zh-TW": "中文"}
DEFAULT = "en"  # for a reader of neither language


def own_tag(app: Sphinx) -> str:
    """Return the language of this build as HTML names it, such as ``zh-TW``."""
    return str(app.config.language).replace("_", "-")


def alternates(app: Sphinx, pagename: str) -> dict[str, str]:
    """Return the page's absolute address by language; ``x-default`` is for all other readers."""
    root = str(app.config.html_baseurl).removesuffix(f"{own_tag(app)}/")
    links = {tag: f"{root}{tag}/{pagename}.html" for tag in NAMES}
    # The front page asks the browser for its language.
    default = root if pagename == app.config.root_doc else links[DEFAULT]
    return links | {"x-default": default}


def link_languages(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give the templates the switch, and add the alternates to the head of what is indexed."""
    [other] = NAMES.keys() - {own_tag(app)}
    to_root = "../" * (pagename.count("/") + 1)
    context["language_switch"] = {
        "tag": other,
        "name": NAMES[other],
        "href": f"{to_root}{other}/{pagename}.html",
    }
    if pagename == "search":
        return
    context["metatags"] = context.get("metatags", "") + "".join(
        f'\n    <link rel="alternate" hreflang="{tag}" href="{href}" />'
        for tag, href in alternates(app, pagename).items()
    )
