"""Make the Chinese text of a PDF searchable.

Chinese fonts draw some characters and the radicals of the same shape with one glyph, and Chromium
may note the radical (⽤, U+2F64) where the page has the character (用, U+7528). Each font's table
from glyphs to characters is mended.
"""

import re
import unicodedata
from pathlib import Path

from pypdf import PdfWriter
from pypdf.generic import PdfObject

TARGET = re.compile(rb"<([0-9A-Fa-f]{4})>(?=\s*$)", re.M)
# Radicals of Unicode's supplement that have no decomposition, with the character they look like.
SUPPLEMENT = str.maketrans("⺠⻄⻅⻆⻑⻔⻘⻝⻤⻩⻫", "民西見角長門青食鬼黃齊")


def letter(code: int) -> int:
    """Return the character that a radical looks like, and any other character unchanged."""
    character = unicodedata.normalize("NFKC", chr(code)).translate(SUPPLEMENT)
    is_radical = 0x2E80 <= code < 0x2FE0 and len(character) == 1
    return ord(character) if is_radical else code


def mend_table(table: bytes) -> bytes:
    """Replace the radicals at the ends of the lines of a font's ToUnicode table."""
    return TARGET.sub(lambda found: b"<%04X>" % letter(int(found[1], 16)), table)


def mend_letters(path: Path, author: str) -> None:
    """Mend all fonts of the PDF in place, and name its author."""
    writer = PdfWriter(clone_from=path)
    tables = {
        font["/ToUnicode"].indirect_reference: font["/ToUnicode"]
        for page in writer.pages
        for font in map(PdfObject.get_object, page["/Resources"].get("/Font", {}).values())
        if "/ToUnicode" in font
    }
    for table in tables.values():
        table.set_data(mend_table(table.get_data()))
    writer.add_metadata({"/Author": author})
    writer.write(path)
