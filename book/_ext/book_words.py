"""Traditional Chinese words for what the themes show in Simplified Chinese or in English.

Words that can be translated stand in ``locale/zh_TW/LC_MESSAGES``, one catalogue for each
extension. This extension must be loaded before those: the catalogue that comes first wins. Words
that are fixed in a template or a script are replaced in the written files.
"""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from sphinx.application import Sphinx

LOCALE = Path(__file__).parent / "locale"
FIXED_WORDS = {
    'title="Toggle primary sidebar"': 'title="顯示或隱藏全書目錄"',
    'title="Toggle secondary sidebar"': 'title="顯示或隱藏本頁目錄"',
    'aria-label="Toggle hidden content"': 'aria-label="顯示或隱藏內容"',
    'aria-label="Main"': 'aria-label="全書目錄"',
    'aria-label="Page"': 'aria-label="本頁目錄"',
    'alt="Colab logo"': 'alt="Colab 標誌"',
}
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


def replace_fixed_words(app: Sphinx, exception: Exception | None) -> None:
    """Translate the words that no catalogue reaches."""
    if exception or app.config.language != "zh_TW":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for english, chinese in FIXED_WORDS.items():
            text = text.replace(english, chinese)
        page.write_text(text, encoding="utf-8")
    script = Path(app.outdir, "_static/copybutton.js")
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("const messages = {", COPY_BUTTON_WORDS), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    load_catalogues(app)
    app.connect("build-finished", replace_fixed_words)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
