"""The buttons above a page, named by what they do, in the page's language.

The theme makes them: a rocket (run the page), a repository (its source) and a download. Here each
entry gets its words, and the link that reports a problem a title that names the page. The download
is first of all what prints; where a page has solutions, a switch lets them be printed too.
"""

from typing import Any
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx

from tools.release.set_repository import colab_address
from vae_book.languages import own_tag
from vae_book.words import _

PRINT_ICON = "fas fa-print"
SOURCE_ICON = "fas fa-code-branch"  # a host's logo would fetch a font of 118 kB for one sign


def words() -> dict[str, str]:
    """Return the words by the label that the theme gives an entry; the one for Colab has none."""
    return {
        "launch-buttons": _("Run this page"),
        "": _("Open in Colab"),
        "source-buttons": _("Source of this page"),
        "source-repository-button": _("Repository"),
        "source-file-button": _("View the source"),
        "source-issues-button": _("Report a problem"),
        "download-buttons": _("Print or download"),
        "download-source-button": _("Notebook (.ipynb)"),
        "download-pdf-button": _("Print or save as PDF"),
        "print-solutions-button": _("Print with solutions"),
    }


def name_buttons(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Put the words on the buttons; only a notebook has a source to download."""
    known = words()
    for group in context["header_buttons"]:
        if group["type"] != "group":
            continue
        group["tooltip"] = known[group["label"]]
        if group["label"] == "source-buttons":
            group["icon"] = SOURCE_ICON
        if group["label"] == "download-buttons":
            group["icon"] = PRINT_ICON
            group["buttons"].reverse()  # what prints comes first
            boxes = doctree.findall(nodes.admonition) if doctree else ()
            if any("solution" in box["classes"] for box in boxes):
                switch = group["buttons"][0] | {"label": "print-solutions-button", "icon": ""}
                group["buttons"].insert(1, switch)
        if not context.get("page_source_suffix", "").endswith("ipynb"):
            group["buttons"] = [
                one for one in group["buttons"] if one.get("label") != "download-source-button"
            ]
        for button in group["buttons"]:
            label = button.get("label", "")
            button["text"] = known[label]
            button.pop("tooltip")
            if not label:
                button["icon"] = "fas fa-play"  # a logo would need words of its own
                button["url"] = colab_address(own_tag(app), pagename)
            if label == "source-repository-button":
                button["icon"] = SOURCE_ICON
            if label == "source-file-button":
                button["url"] = button["url"].partition("?")[0]  # not plain: notebooks are drawn
            if label == "source-issues-button":
                title = _("Problem on the page {page}").format(page=f"{own_tag(app)}/{pagename}")
                button["url"] = f"{button['url'].partition('?')[0]}?title={quote(title)}"
