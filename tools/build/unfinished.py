"""A Sphinx extension that lets a build start from the pages of the last one.

The book's own extension finishes the written pages in place and refuses a page that is finished
already; so each page is kept as the theme wrote it and put back before the next build. And of the
index of the search Sphinx keeps all but the entries of pages that it does not read again.
"""

import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.search import js_index

BEFORE_OTHERS = 100
INDEX = "searchindex.js"
read_again: set[str] = set()


def folder(app: Sphinx) -> Path:
    """Return the folder of the unfinished pages, beside the one of the finished."""
    return Path(app.outdir).with_name("unfinished")


def put_back(app: Sphinx) -> None:
    """Put the unfinished pages of the last build where Sphinx looks for what it wrote."""
    if folder(app).exists():
        shutil.copytree(folder(app), app.outdir, dirs_exist_ok=True)


def note(app: Sphinx, env: BuildEnvironment, pages: list[str]) -> None:
    """Note which pages are read in this build."""
    read_again.update(pages)


def keep(app: Sphinx, exception: Exception | None) -> None:
    """Keep the pages and the index of the search, before anything changes them."""
    if exception:
        return
    out, kept = Path(app.outdir), folder(app)
    if (kept / INDEX).exists():
        old, new = (js_index.loads((path / INDEX).read_text("utf-8")) for path in (kept, out))
        new["indexentries"] = all_entries(old, new, read_again)
        new["terms"] = {word: pages for word, pages in new["terms"].items() if pages != []}
        (out / INDEX).write_text(js_index.dumps(new), encoding="utf-8")
        shutil.rmtree(kept)
    for path in [*out.glob("*.html"), *out.glob("_modules/**/*.html"), out / INDEX]:
        target = kept / path.relative_to(out)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def all_entries(old: dict[str, Any], new: dict[str, Any], read: set[str]) -> dict[str, Any]:
    """Return the entries of the pages just read, and the old ones of all others.

    Args:
        old: The index of the last build.
        new: The index of this build.
        read: The pages that were read in this build.
    """
    entries = {word: list(places) for word, places in new["indexentries"].items()}
    for word, places in old["indexentries"].items():
        for number, anchor, kind in places:
            page = old["docnames"][number]
            if page in new["docnames"] and page not in read:
                place = [new["docnames"].index(page), anchor, kind]
                if place not in entries.setdefault(word, []):
                    entries[word].append(place)
    return {word: sorted(entries[word]) for word in sorted(entries)}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("builder-inited", put_back)
    app.connect("env-before-read-docs", note)
    app.connect("build-finished", keep, priority=BEFORE_OTHERS)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
