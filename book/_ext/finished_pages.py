"""The last hand on the written pages: what no setting and no template of the theme reaches."""

from pathlib import Path

from accessible_theme import accessible
from book_words import with_chinese_words
from lighter_pages import without_icon_script
from sphinx.application import Sphinx

SIGN_OF_THE_THEME = "pydata-sphinx-theme.js"


def finish_pages(app: Sphinx, exception: Exception | None) -> None:
    """Rewrite every page of the theme once, and remove the script that none loads any more."""
    if exception or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        if SIGN_OF_THE_THEME not in html:
            continue
        html = accessible(without_icon_script(html))
        if app.config.language == "zh_TW":
            html = with_chinese_words(html)
        page.write_text(html, encoding="utf-8")
    for file in Path(app.outdir, "_static/scripts").glob("fontawesome.js*"):
        file.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("build-finished", finish_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
