"""Build both languages of the book: ``python -m tools.build.book``.

Each language is built in ``_build/<language>`` and copied to ``_build/html/<language>`` once it is
whole: afresh, so that no warning hides in an older build, or, where that gave none and only the
prose of some pages has changed, those pages alone (``tools.build.changes``). Notebooks run once for
both languages, side by side (``tools.build.run_notebooks``): their outputs are kept until
``vae_lib`` or a pinned version changes. Before all that the tests of the equations run, save those
that passed on the present sources: the equation index shows their figures.
"""

import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from tools.build import changes
from tools.build.colab import write_colab_notebooks
from tools.build.environment import HOME, clean_environment
from tools.build.equations import REPORT, read_agreement
from tools.build.lab import write_script
from tools.build.policy import with_policy
from tools.build.site_files import first_page, write_site_files
from tools.build.static_files import fetch_static_files
from tools.paths import BUILD, FRAMES, HTML, LANGUAGES, ROOT, VERSIONS, digest
from tools.release.set_repository import site_address
from tools.site import page_weights

JUPYTER_BOOK = Path(sys.executable).with_name("jupyter-book")
READ_BY_NOTEBOOKS = ("*.py", "*.mplstyle", "pretrained/*")  # of vae_lib
WITHOUT_PICTURE = 3  # exit status of tools.build.run_notebooks
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def merge(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return ``shared`` with the values of ``own`` laid over it, key by key."""
    merged = dict(shared)
    for key, value in own.items():
        both_nested = isinstance(value, dict) and isinstance(shared.get(key), dict)
        merged[key] = merge(shared[key], value) if both_nested else value
    return merged


def outputs_folder() -> Path:
    """Return the folder of the notebooks' outputs, named after the code that they depend on."""
    sources = (path for kind in READ_BY_NOTEBOOKS for path in (ROOT / "vae_lib").rglob(kind))
    return BUILD / "outputs" / digest([*VERSIONS, *sources])


def run_equation_tests() -> None:
    """Run the tests that claim an equation, save those whose report is of the present sources.

    Raises:
        SystemExit: If a test fails.
    """
    if read_agreement() is not None:
        return
    print("== Checking every equation against its oracle", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-n", "2", "--dist", "worksteal"]
    command += ["-m", "equation", "--agreement", str(REPORT), "tests/library", "tests/processes"]
    environment = clean_environment() | {"OMP_NUM_THREADS": "1"}
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        raise SystemExit(
            "The book is not built, because its equations did not all meet their oracles: "
            "the lines above name each test that failed."
        )


def read_config(language: str) -> dict[str, Any]:
    """Return the book's settings in one language."""
    files = (ROOT / "_config.yml", ROOT / "book" / language / "_config.yml")
    shared, own = (yaml.safe_load(file.read_text(encoding="utf-8")) for file in files)
    return merge(shared, own)


def write_config(language: str, outputs: Path) -> Path:
    """Write the language's whole configuration into ``_build`` and return its path."""
    derived = {
        "execute": {"cache": str(outputs)},
        "html": {"baseurl": f"{site_address()}{language}/"},
    }
    config = merge(read_config(language), derived)
    config["sphinx"]["config"]["extensions"].append("tools.build.unfinished")
    path = BUILD / f"{language}.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def run_sphinx(language: str, config: Path, *more: str) -> bool:
    """Build what is not up to date in ``_build/<language>``; return whether all went well."""
    command = [str(JUPYTER_BOOK), "build", str(ROOT / "book" / language), *more]
    command += ["--path-output", str(BUILD / language), "--config", str(config)]
    return subprocess.run(command, cwd=HOME, env=clean_environment(), check=False).returncode == 0


def build_pages(language: str, config: Path, pages: list[str]) -> bool:
    """Build some pages again; return whether that is enough.

    Not if a place that a link may lead to has gone or moved: only a whole build meets all links.

    Raises:
        SystemExit: If a page gives a warning; the next build will be a whole one.
    """
    print(f"\n== Building {', '.join(pages)} of {language}", flush=True)
    html = BUILD / language / "_build/html"
    before = changes.anchors(html, pages)
    for name in pages:
        (html.parent / f".doctrees/{name}.doctree").unlink(missing_ok=True)  # read it again
    if not run_sphinx(language, config, "-W", "--keep-going"):
        raise SystemExit(describe_failure(language, html / "reports"))
    return changes.anchors(html, pages) == before


def build_whole(language: str, config: Path) -> None:
    """Build one language afresh.

    Raises:
        SystemExit: If a page gives a warning.
    """
    print(f"\n== Building {language}", flush=True)
    shutil.rmtree(BUILD / language, ignore_errors=True)
    if not run_sphinx(language, config, "-W", "--keep-going"):
        reports = BUILD / language / "_build/html/reports"
        raise SystemExit(describe_failure(language, reports))


def publish(language: str) -> None:
    """Copy the pages of one language into ``_build/html``, each with its policy."""
    folder = HTML / language
    shutil.rmtree(folder, ignore_errors=True)
    built = BUILD / language / "_build/html"
    shutil.copytree(built, folder, ignore=shutil.ignore_patterns(FRAMES))
    first = first_page(language, read_config(language)["title"])
    (folder / "index.html").write_text(first, encoding="utf-8")
    for page in folder.rglob("*.html"):
        page.write_text(with_policy(page.read_text(encoding="utf-8")), encoding="utf-8")


def publish_frames() -> None:
    """Copy the frames of both languages' explorers into one folder beside the languages."""
    shutil.rmtree(HTML / FRAMES, ignore_errors=True)
    for language in LANGUAGES:
        frames = BUILD / language / "_build/html" / FRAMES
        shutil.copytree(frames, HTML / FRAMES, dirs_exist_ok=True)


def build_language(language: str, config: Path) -> None:
    """Build one language with warnings as errors, as far as it is not built already."""
    sources = changes.sources(language)
    pages = changes.changed_pages(changes.read_record(language), sources)
    if pages == [] and (HTML / language).exists():
        print(f"\n== {language} is built already", flush=True)
        return
    changes.record(language).unlink(missing_ok=True)
    if pages is None or not build_pages(language, config, pages):
        build_whole(language, config)
    publish(language)
    changes.write_record(language, sources)


def describe_failure(language: str, reports: Path) -> str:
    """Say in a line for each failed notebook what it died of, or where else to look."""
    lines = []
    for report in sorted(reports.rglob("*.err.log")):
        notebook = report.relative_to(reports).as_posix().removesuffix(".err.log")
        error = report.read_text(encoding="utf-8").strip().splitlines()[-1]
        lines.append(f"book/{language}/{notebook}.ipynb failed: {COLOUR.sub('', error)}")
    return "\n".join(lines) or (
        f"book/{language} was not built: each WARNING or ERROR above names its file."
    )


def main() -> None:
    """Build everything and say which file to open."""
    run_equation_tests()
    fetch_static_files()
    write_script()
    outputs = outputs_folder()
    for old in set((BUILD / "outputs").glob("*")) - {outputs}:
        shutil.rmtree(old)
    configs = [write_config(language, outputs) for language in LANGUAGES]
    run = [sys.executable, "-m", "tools.build.run_notebooks", str(outputs)]
    status = subprocess.run(run, cwd=HOME, env=clean_environment(), check=False).returncode
    if status == WITHOUT_PICTURE:
        raise SystemExit("The book is not built: each line above names a cell without its picture.")
    # What failed runs again in the first language's build, and the second one is not begun.
    with ThreadPoolExecutor(1 if status else len(LANGUAGES)) as pool:
        list(pool.map(build_language, LANGUAGES, configs))
    publish_frames()
    write_site_files(HTML)
    write_colab_notebooks()
    page_weights.report()
    print("\nThe book is built. Open _build/html/index.html")


if __name__ == "__main__":
    main()
