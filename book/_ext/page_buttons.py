"""The buttons above a page, named by what they do, in the page's language.

The theme makes them: a rocket (run the page), a repository (its source) and a download. Here each
entry gets its words, and the link that reports a problem a title that names the page.
"""

from typing import Any
from urllib.parse import quote

from docutils import nodes
from language_switch import own_tag
from sphinx.application import Sphinx

AFTER_THE_THEME = 502  # its own handlers have 501
SOURCE_ICON = "fas fa-code-branch"  # a host's logo would fetch a font of 118 kB for one sign
# By the label that the theme gives an entry; the entry for Colab has none.
WORDS = {
    "en": {
        "launch-buttons": "Run this page",
        "": "Open in Colab",
        "source-buttons": "Source of this page",
        "source-repository-button": "Repository",
        "source-file-button": "View the source",
        "source-issues-button": "Report a problem",
        "download-buttons": "Download or print",
        "download-source-button": "Notebook (.ipynb)",
        "download-pdf-button": "Print or save as PDF",
        "problem": "Problem on the page {page}",
    },
    "zh-TW": {
        "launch-buttons": "執行本頁",
        "": "在 Colab 開啟",
        "source-buttons": "本頁的原始碼",
        "source-repository-button": "儲存庫",
        "source-file-button": "檢視原始碼",
        "source-issues-button": "回報問題",
        "download-buttons": "下載或列印",
        "download-source-button": "筆記本（.ipynb）",
        "download-pdf-button": "列印或存成 PDF",
        "problem": "頁面 {page} 的問題",
    },
}


def name_buttons(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Put the words on the buttons; only a notebook has a source to download."""
    words = WORDS[own_tag(app)]
    for group in context["header_buttons"]:
        if group["type"] != "group":
            continue
        group["tooltip"] = words[group["label"]]
        if group["label"] == "source-buttons":
            group["icon"] = SOURCE_ICON
        if not context.get("page_source_suffix", "").endswith("ipynb"):
            group["buttons"] = [
                one for one in group["buttons"] if one.get("label") != "download-source-button"
            ]
        for button in group["buttons"]:
            label = button.get("label", "")
            button["text"] = words[label]
            button.pop("tooltip")
            if not label:
                button["icon"] = "fas fa-play"  # a logo would need words of its own
            if label == "source-repository-button":
                button["icon"] = SOURCE_ICON
            if label == "source-file-button":
                button["url"] = button["url"].removesuffix("?plain=1")  # notebooks are drawn
            if label == "source-issues-button":
                title = words["problem"].format(page=f"{own_tag(app)}/{pagename}")
                button["url"] = f"{button['url'].partition('?')[0]}?title={quote(title)}"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("html-page-context", name_buttons, priority=AFTER_THE_THEME)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
