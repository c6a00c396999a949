"""Run each notebook whose outputs are not kept yet: ``python -m tools.build.run_notebooks FOLDER``.

As many run at once as there are cores; the outputs go into the folder, where the build of the pages
finds them. The code is the same in both languages, so the English notebooks run for both. One that
fails leaves no outputs: the build of its page runs it again, and says what it died of.
"""

import argparse
import os
import sys
from functools import partialmethod
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.cache.main import JupyterCacheBase
from jupyter_cache.executors import load_executor

from tools.build.book import read_config
from tools.paths import notebook_paths


def know_outputs_by_the_code() -> None:
    """Let the key of a notebook's outputs hold the code and tags, such as raises-exception.

    By default it holds all metadata of the cells, and with them the texts of one language.
    """
    JupyterCacheBase.create_hashed_notebook = partialmethod(
        JupyterCacheBase.create_hashed_notebook, cell_metadata=("tags",)
    )


def main() -> None:
    """Run what has to run, each notebook with its share of the cores.

    Raises:
        SystemExit: Always but when nothing had to run; its code is the number that failed.
    """
    parser = argparse.ArgumentParser(
        prog="python -m tools.build.run_notebooks", description=__doc__
    )
    parser.add_argument("folder", type=Path, help="of the outputs; created if it does not exist")
    know_outputs_by_the_code()
    cache = get_cache(str(parser.parse_args().folder))
    for path in notebook_paths("en"):
        cache.add_nb_to_project(str(path))
    waiting = len(cache.list_unexecuted())
    if waiting:
        cores = os.cpu_count() or 1
        print(f"\n== Running {waiting} notebooks, {min(waiting, cores)} at once", flush=True)
        os.environ["OMP_NUM_THREADS"] = str(max(1, cores // waiting))
        timeout = read_config("en")["execute"]["timeout"]
        result = load_executor("local-parallel", cache).run_and_cache(timeout=timeout)
        sys.exit(len(result.excepted + result.errored))


if __name__ == "__main__":
    main()
