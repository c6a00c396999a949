"""Show pages seconds after they are saved: ``python -m tools.build.live [--port 8000]``.

It starts from a built book and serves it. When a page of ``book/en`` or ``book/zh-TW`` is saved,
only that page is built again, from the kept outputs of its notebook; cells run only if code
changed. What other pages show of it, such as a new heading, follows with the next ``make book``.
"""

import argparse
import time
from contextlib import suppress
from pathlib import Path

from tools.build import changes
from tools.build.book import outputs_folder, publish, publish_frames, run_sphinx, write_config
from tools.paths import BUILD, LANGUAGES
from tools.site.browsing import serve

PAUSE = 0.3  # seconds between two looks at the sources


def refresh(language: str, config: Path, pages: list[str]) -> bool:
    """Build some pages again and publish them; return whether they gave no warning."""
    built = BUILD / language / "_build"
    for name in pages:
        (built / f".doctrees/{name}.doctree").unlink(missing_ok=True)  # read it again
    clean = run_sphinx(language, config, "-W", "--keep-going", "--quiet")
    publish(language)
    publish_frames()
    return clean


def follow(language: str, config: Path, seen: changes.Sources) -> changes.Sources:
    """Show what has changed in one language since ``seen``; return what is shown now."""
    now = changes.sources(language)
    pages = [name for name in now.pages if now.pages[name] != seen.pages.get(name)]
    if not pages:
        return seen
    start = time.monotonic()
    record = changes.read_record(language)
    same_face = changes.changed_pages(record, now) is not None
    changes.record(language).unlink(missing_ok=True)
    clean = refresh(language, config, pages)
    if clean and same_face:
        changes.write_record(language, now)
    said = "" if clean else "; the warnings above would stop `make book`"
    seconds = time.monotonic() - start
    print(f"{language}/{', '.join(pages)}: shown after {seconds:.1f} s{said}", flush=True)
    return now


def main() -> None:
    """Serve the built book and follow its sources until Ctrl-C.

    Raises:
        SystemExit: If there is no built book.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.build.live", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    configs = {language: write_config(language, outputs_folder()) for language in LANGUAGES}
    if not all((BUILD / language / "_build/html").exists() for language in LANGUAGES):
        raise SystemExit("There is no built book to start from: run `make book` first.")
    seen = {language: changes.sources(language) for language in LANGUAGES}
    with serve(port=port) as address, suppress(KeyboardInterrupt):
        print(f"{address} shows each page after it is saved; Ctrl-C ends it")
        while True:
            for language, config in configs.items():
                seen[language] = follow(language, config, seen[language])
            time.sleep(PAUSE)


if __name__ == "__main__":
    main()
