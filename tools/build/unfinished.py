"""A Sphinx extension that lets a build start from the pages of the last one.

The book's own extension finishes the written pages in place and refuses a page that is finished
already; so each page is kept as the theme wrote it and put back before the next build.
"""

import shutil
from pathlib import Path

from sphinx.application import Sphinx

BEFORE_OTHERS = 100


def folder(app: Sphinx) -> Path:
    """Return the folder of the unfinished pages, beside the one of the finished."""
    return Path(app.outdir).with_name("unfinished")


def put_back(app: Sphinx) -> None:
    """Put the unfinished pages of the last build where Sphinx looks for what it wrote."""
    if folder(app).exists():
        shutil.copytree(folder(app), app.outdir, dirs_exist_ok=True)


def keep(app: Sphinx, exception: Exception | None) -> None:
    """Keep the pages before anything changes them."""
    if exception:
        return
    out, kept = Path(app.outdir), folder(app)
    shutil.rmtree(kept, ignore_errors=True)
    for path in [*out.glob("*.html"), *out.glob("_modules/**/*.html")]:
        target = kept / path.relative_to(out)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("builder-inited", put_back)
    app.connect("build-finished", keep, priority=BEFORE_OTHERS)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
