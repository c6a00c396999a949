"""Run each notebook whose outputs are not kept yet: ``python -m tools.build.run_notebooks FOLDER``.

As many run at once as there are cores; the outputs go into the folder, where the build of the pages
finds them. The code is the same in both languages, so the English notebooks run for both. One that
fails leaves no outputs: the build of its page runs it again, and says what it died of. Each runs in
an empty folder, where it meets no file of the reader's.
"""

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from jupyter_cache.executors import load_executor

from tools.build.book import WITHOUT_PICTURE, read_config
from tools.build.outputs import Outputs, missing_pictures
from tools.paths import notebook_paths


def run_notebooks(folder: Path, notebooks: Iterable[Path], timeout: int) -> int:
    """Run what has to run, each notebook with its share of the cores.

    Args:
        folder: Of the outputs; created if it does not exist.
        notebooks: The notebooks.
        timeout: Seconds that one cell may take.

    Returns:
        How many failed.
    """
    outputs = Outputs(str(folder))
    for record in outputs.list_project_records():  # the folder may come from another checkout
        outputs.remove_nb_from_project(record.pk)
    for path in notebooks:
        outputs.add_nb_to_project(str(path))
    waiting = len(outputs.list_unexecuted())
    if not waiting:
        return 0
    cores = os.cpu_count() or 1
    print(f"\n== Running {waiting} notebooks, {min(waiting, cores)} at once", flush=True)
    os.environ["OMP_NUM_THREADS"] = str(max(1, cores // waiting))
    result = load_executor("temp-parallel", outputs).run_and_cache(timeout=timeout)
    return len(result.excepted + result.errored)


def main() -> None:
    """Run the book's notebooks; exit with 3 if a picture is missing, or else 1 if one failed."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.build.run_notebooks", description=__doc__
    )
    parser.add_argument("folder", type=Path, help="of the outputs; created if it does not exist")
    timeout = read_config("en")["execute"]["timeout"]
    folder, notebooks = parser.parse_args().folder, notebook_paths("en")
    failed = run_notebooks(folder, notebooks, timeout)
    missing = missing_pictures(Outputs(str(folder)), notebooks)
    print(*missing, sep="\n", end="\n" if missing else "", flush=True)
    sys.exit(WITHOUT_PICTURE if missing else min(failed, 1))


if __name__ == "__main__":
    main()
