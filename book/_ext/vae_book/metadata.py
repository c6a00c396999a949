"""What search engines and social networks are told of a page: title, description and picture.

The description is the page's first paragraph, cut after a whole sentence where one fits. Addresses
are absolute, as these readers want them, and start with ``html_baseurl``.
"""

import re
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from tools.build.plain_tex import plain
from vae_book.languages import own_tag
from vae_book.words import _

IMAGE = ("_static/social.png", 1200, 630)
LIMITS = {"en": 200, "zh-TW": 110}  # characters; what stands behind them is rarely shown
SENTENCE_END = re.compile(r"[.!?](?= |$)|[。！？]")


def shorten(text: str, limit: int) -> str:
    """Return the whole sentences of a text that fit, or else its beginning and an ellipsis."""
    if len(text) <= limit:
        return text
    ends = [match.end() for match in SENTENCE_END.finditer(text[:limit])]
    return text[: ends[-1]] if ends else text[: limit - 1].rstrip(" ，,、") + "…"


def first_paragraph(doctree: nodes.document) -> str:
    """Return the text of the first paragraph that stands directly in a section."""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section):
            texts = [
                plain(text) if isinstance(text.parent, nodes.math) else text.astext()
                for text in paragraph.findall(nodes.Text)
            ]
            return " ".join("".join(texts).split())
    return ""


def describe_page(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Add the description and the social networks' tags to the page's head."""
    if pagename == app.config.root_doc:
        context["docstitle"] = ""  # its own title is the book's
    if doctree is None:
        return
    tag = own_tag(app)
    site = _(
        "A book that derives the variational autoencoder step by step: every numbered equation is "
        "code that runs and is tested, and every slider works in the page."
    )
    description = shorten(first_paragraph(doctree), LIMITS[tag]) or site
    path, width, height = IMAGE
    kind = "website" if pagename == app.config.root_doc else "article"
    properties = {
        "og:title": re.sub(r"<[^>]*>", "", context["title"]),
        "og:description": description,
        "og:type": kind,
        "og:url": context["pageurl"],
        "og:site_name": app.config.html_title,
        "og:locale": "en_GB" if tag == "en" else tag.replace("-", "_"),
        "og:image": app.config.html_baseurl + path,
        "og:image:width": str(width),
        "og:image:height": str(height),
        "og:image:alt": _("The title of the book on variational autoencoders"),
    }
    names = {"description": description, "twitter:card": "summary_large_image"}
    tags = [("name", *item) for item in names.items()]
    tags += [("property", *item) for item in properties.items()]
    context["metatags"] = context.get("metatags", "") + "".join(
        f'\n    <meta {kind}="{key}" content="{escape(value)}" />' for kind, key, value in tags
    )
