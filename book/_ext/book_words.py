"""Traditional Chinese words for what the themes show in Simplified Chinese or in English.

Words that can be translated stand in ``locale/zh_TW/LC_MESSAGES``, one catalogue for each
extension. This extension must be loaded before those: the catalogue that comes first wins. Words
that are fixed in a template or a script are replaced in the written files.
"""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

LOCALE = Path(__file__).parent / "locale"
FIXED_WORDS = {
    'title="Toggle primary sidebar"': 'title="顯示或隱藏全書目錄"',
    'title="Toggle secondary sidebar"': 'title="顯示或隱藏本頁目錄"',
    'aria-label="Main"': 'aria-label="全書目錄"',
    'aria-label="Page"': 'aria-label="本頁目錄"',
}
TOGGLE_WORDS = ('aria-label="Toggle hidden content"', 'aria-label="顯示或隱藏內容"')
FIELD_NAMES = {"Type": "型別"}  # of an attribute in the library's reference
COPY_BUTTON_WORDS = """const messages = {
  'zh-TW': {
    'copy': '複製',
    'copy_to_clipboard': '複製到剪貼簿',
    'copy_success': '已複製！',
    'copy_failure': '複製失敗',
  },"""


def load_catalogues(app: Sphinx) -> None:
    """Compile the catalogues beside the built pages and load them."""
    compiled = Path(app.outdir).parent / "locale"
    for source in LOCALE.rglob("*.po"):
        target = compiled / source.relative_to(LOCALE).with_suffix(".mo")
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as po, target.open("wb") as mo:
            write_mo(mo, read_po(po))
        app.add_message_catalog(source.stem, str(compiled))


def with_chinese_words(html: str) -> str:
    """Return a Chinese page with the words of the theme's templates translated."""
    for english, chinese in FIXED_WORDS.items():
        html = html.replace(english, chinese)
    return html


def translate_scripts(app: Sphinx, exception: Exception | None) -> None:
    """Translate the words that stand in scripts."""
    if exception or app.config.language != "zh_TW":
        return
    replace_in(app, "copybutton.js", "const messages = {", COPY_BUTTON_WORDS)
    replace_in(app, "togglebutton.js", *TOGGLE_WORDS)


def replace_in(app: Sphinx, script: str, english: str, chinese: str) -> None:
    """Replace words of a script, which must be there."""
    path = Path(app.outdir, "_static", script)
    text = path.read_text(encoding="utf-8")
    if english not in text:
        raise ExtensionError(f"{script} no longer holds {english!r}: mend book_words.py.")
    path.write_text(text.replace(english, chinese), encoding="utf-8")


def translate_fields(app: Sphinx, doctree: nodes.document) -> None:
    """Translate the names of fields that Sphinx knows no translation of."""
    if app.config.language == "zh_TW":
        for name in doctree.findall(nodes.field_name):
            if name.astext() in FIELD_NAMES:
                name.children = [nodes.Text(FIELD_NAMES[name.astext()])]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    load_catalogues(app)
    app.connect("doctree-read", translate_fields)
    app.connect("build-finished", translate_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
