"""Mend what Chromium writes into a PDF: the names of its bookmarks, and its Chinese text.

A bookmark may say its heading twice. Chinese fonts draw some characters and the radicals of the
same shape with one glyph, and Chromium may note the radical (⽤, U+2F64) where the page has the
character (用, U+7528). Each font's table from glyphs to characters is mended.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

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


def bookmarks(parent: DictionaryObject) -> Iterator[DictionaryObject]:
    """Yield all bookmarks below ``parent``, in order."""
    mark = parent.get("/First")
    while mark is not None:
        found = cast(DictionaryObject, mark.get_object())
        yield found
        yield from bookmarks(found)
        mark = found.get("/Next")


def mend(path: Path, author: str, titles: Sequence[str]) -> None:
    """Mend a PDF in place, and name its author.

    Args:
        path: The PDF.
        author: Who is named in its properties.
        titles: The names of all bookmarks, in order.
    """
    writer = PdfWriter(clone_from=path)
    outline = cast(DictionaryObject, writer.root_object["/Outlines"].get_object())
    for mark, title in zip(bookmarks(outline), titles, strict=True):
        mark[NameObject("/Title")] = TextStringObject(title)
    fonts = [
        font.get_object()
        for page in writer.pages
        for font in cast(DictionaryObject, page["/Resources"]).get("/Font", {}).values()
    ]
    tables = {
        font.raw_get("/ToUnicode"): font["/ToUnicode"] for font in fonts if "/ToUnicode" in font
    }
    for table in tables.values():
        table.set_data(mend_table(table.get_data()))
    writer.add_metadata({"/Author": author})
    writer.write(path)
