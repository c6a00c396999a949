"""One style sheet for all pages: those that they link, in their order, less what matches nothing.

A slow line pays for each file and for each rule before it shows the first word. The theme brings
rules for all that it could do, and of these nine in ten are for classes that no page has.
"""

import os
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Set
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from tools.paths import text_digest

SHEET = "book.css"
LINK = re.compile(r'\s*<link (?=[^>]*\brel="stylesheet")[^>]*\bhref="([^"]*_static/)([^"?]*)[^>]*>')
COMMENT = re.compile(r"/\*.*?\*/", re.S)
IMPORT = re.compile(r'@import "([^"]*)";')
ADDRESS = re.compile(r"""url\(["']?(?!["']|data:|#)([^)"']*)["']?\)""")
SIGN = re.compile(r'"(?:[^"\\]|\\.)*"|' r"'(?:[^'\\]|\\.)*'|[{};]")
GROUPS = ("@media", "@supports", "@layer", "@container")
ARGUMENTS = re.compile(r"\([^()]*\)|\[[^\]]*\]")
COMMA = re.compile(r",(?![^(]*\))")
NAME = re.compile(r"[.#]((?:[\w-]|\\.)+)")
WORD = re.compile(r"[\w-]+")
NAMED = re.compile(r'\b(?:class|id)="([^"]*)"')
JOINED = {"bs-tooltip-auto"}  # names that a script puts together
# The fonts of nearly every formula come with the sheet, so that formulas stand there with the text.
# A preload would do it too, but from a disk Chromium refuses it.
INLINE = re.compile(r"url\((katex/fonts/KaTeX_(?:Main-Regular|Math-Italic)\.woff2)\)")
ICON_FONT = "vendor/fontawesome"  # icons.css draws the few signs that there are


def unite(app: Sphinx, exception: Exception | None) -> None:
    """Write the sheet, let each page link it, and remove those that it replaces.

    Raises:
        ExtensionError: If no page links a style sheet.
    """
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    pages = {path: path.read_text(encoding="utf-8") for path in Path(app.outdir).rglob("*.html")}
    sheets = {name: None for text in pages.values() for _, name in LINK.findall(text)}
    sheets.pop(SHEET, None)  # of pages from an earlier build
    if not sheets:
        raise ExtensionError(
            f"No page below {app.outdir} links a style sheet as {LINK.pattern!r} finds them: mend "
            "the pattern in book/_ext/vae_book/styles.py."
        )
    replaced: list[Path] = []
    texts = [read(static, static / name, replaced) for name in sheets]
    notices = dict.fromkeys(one for text in texts for one in COMMENT.findall(text) if one[2] == "!")
    known = words(pages.values(), static)
    pruned = "".join(prune(COMMENT.sub("", text), known) for text in texts)
    css = "".join([*(f"{notice}\n" for notice in notices), pruned])

    def inline(match: re.Match[str]) -> str:
        return f"url(data:font/woff2;base64,{b64encode((static / match[1]).read_bytes()).decode()})"

    css = INLINE.sub(inline, css)
    (static / SHEET).write_text(css, encoding="utf-8")
    for path, text in pages.items():
        path.write_text(link(text, f"{SHEET}?v={text_digest(css)}"), encoding="utf-8")
    for path in replaced:
        path.unlink()


def read(static: Path, path: Path, files: list[Path]) -> str:
    """Return a sheet with those that it imports, its addresses told from the folder ``static``.

    Args:
        static: The folder, below which all sheets lie.
        path: The sheet.
        files: Gets the path of each sheet that was read.
    """
    files.append(path)

    def moved(match: re.Match[str]) -> str:
        return f"url({os.path.relpath(path.parent / match[1], static)})"

    text = ADDRESS.sub(moved, path.read_text(encoding="utf-8"))
    return IMPORT.sub(lambda match: read(static, path.parent / match[1], files), text)


def words(pages: Iterable[str], static: Path) -> set[str]:
    """Return every class and id of the pages, and every word of the scripts, which may add one."""
    scripts = [*static.glob("*.js"), *static.glob("scripts/*.js")]
    named = {word for text in pages for names in NAMED.findall(text) for word in names.split()}
    texts = (path.read_text(encoding="utf-8") for path in scripts)
    return named.union(JOINED, *(WORD.findall(text) for text in texts))


def rules(css: str) -> Iterator[tuple[str, str]]:
    """Give what stands before each outer block, and the block; statements without one go."""
    start, depth, prelude = 0, 0, ""
    for sign in SIGN.finditer(css):
        if sign[0] == "{":
            if not depth:
                prelude, start = css[start : sign.start()].strip(), sign.end()
            depth += 1
        elif sign[0] == "}":
            depth -= 1
            if not depth:
                yield prelude, css[start : sign.start()].strip()
                start = sign.end()
        elif sign[0] == ";" and not depth:
            start = sign.end()


def prune(css: str, known: Set[str]) -> str:
    """Return the rules that may match something."""
    kept = []
    for prelude, block in rules(css):
        if prelude.startswith(GROUPS):
            block = prune(block, known)
        elif not prelude.startswith("@"):
            prelude = ",".join(one for one in COMMA.split(prelude) if may_match(one, known))
        if prelude and block and ICON_FONT not in block:
            kept.append(f"{prelude}{{{block}}}\n")
    return "".join(kept)


def may_match(selector: str, known: Set[str]) -> bool:
    """Return whether all classes and ids of a selector are known; what it excludes need not be."""
    bare, found = selector, 1
    while found:
        bare, found = ARGUMENTS.subn("", bare)
    return all(name.replace("\\", "") in known for name in NAME.findall(bare))


def link(page: str, sheet: str) -> str:
    """Return a page that links one sheet in the place of its first one."""
    first = LINK.search(page)
    if not first:
        return page
    rest = LINK.sub("", page[first.end() :])
    tag = f'\n    <link rel="stylesheet" href="{first[1]}{sheet}" />'
    return f"{page[: first.start()]}{tag}{rest}"
