"""The kept outputs of the notebooks, known by the code alone: one run serves both languages.

A cell that draws must have left its picture there.

Jupyter Cache's own key holds all metadata of the cells, and with them the texts of one language.
Whoever looks up or adds outputs does it through ``Outputs``: the object itself carries the key into
a pool's processes, however these are started. That run is an English one: the pages of another
language find the same outputs through ``ChineseOutputs``, which has the lessons' words in it.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from jupyter_cache.cache.main import JupyterCacheBase
from myst_nb.core.execute import cache as asking

from vae_lib.lessons.chinese import CHINESE

WIDGET = "application/vnd.jupyter.widget-view+json"
DRAWS = re.compile(r"plt\.show\(\)|^(?:explorer|lab)\(", re.M)
LINE = re.compile(r"^(\*?)(.+)\1$", re.M)  # of an output; the rules of proofs stand between stars


class Outputs(JupyterCacheBase):  # type: ignore[misc]
    """A cache whose key holds the code and the cells' tags, such as raises-exception."""

    def create_hashed_notebook(self, nb: Any, **metadata: Any) -> tuple[Any, str]:
        """Return the notebook's code and its key."""
        hashed: tuple[Any, str] = super().create_hashed_notebook(nb, cell_metadata=("tags",))
        return hashed


class ChineseOutputs(Outputs):
    """The same outputs with each line that ``check`` or a proof wrote in Chinese.

    A Chinese notebook that is run says the same itself, see ``vae_lib.lessons.language``. No line
    with a value in it is known here: on the pages the exercises are not done yet.
    """

    def merge_match_into_notebook(self, nb: Any, *of_metadata: Any) -> tuple[int, Any]:
        """Return the notebook's key, and the notebook with its outputs."""
        key, merged = super().merge_match_into_notebook(nb, *of_metadata)
        for cell in merged.cells:
            for output in cell.get("outputs", ()):
                texts = output if "text" in output else output.get("data", {})
                for kind in texts.keys() & {"text", "text/markdown"}:
                    texts[kind] = LINE.sub(in_chinese, texts[kind])
        return key, merged


def in_chinese(line: re.Match[str]) -> str:
    """Return a line that ``LINE`` found, in Chinese if the lessons wrote it."""
    return f"{line[1]}{CHINESE.get(line[2], line[2])}{line[1]}"


def find_outputs_by_the_code(language: str) -> None:
    """Let MyST-NB, which builds the pages, look them up in the same way.

    Args:
        language: Of the pages, as Sphinx names it.

    Raises:
        RuntimeError: If it no longer asks a function ``get_cache`` for its cache.
    """
    if not hasattr(asking, "get_cache"):
        raise RuntimeError(
            f"{asking.__name__} has no get_cache any more: see in tools/build/outputs.py how the "
            "pages' build finds the kept outputs."
        )
    asking.get_cache = ChineseOutputs if language == "zh_TW" else Outputs


def missing_pictures(outputs: Outputs, notebooks: Iterable[Path]) -> list[str]:
    """Return a sentence for each cell that has fewer pictures than it draws.

    The outputs of its notebook are removed, so that it runs again next time. A notebook that failed
    has none yet.
    """
    said = []
    for path in notebooks:
        try:
            kept, notebook = outputs.merge_match_into_notebook(nbformat.read(path, 4))
        except KeyError:
            continue
        short = [
            f"{path}: cell {number} draws {wanted} and shows {shown}"
            for number, cell in enumerate(notebook.cells, start=1)
            if (wanted := drawn(cell)) > (shown := pictures(cell))
        ]
        if short:
            outputs.remove_cache(kept)
        said += short
    return said


def drawn(cell: Any) -> int:
    """Return how many pictures the cell draws; one with a picture's alternative text, at least one.

    Such a text is ``mystnb.image.alt`` in the metadata.
    """
    if cell.cell_type != "code":
        return 0
    described = bool(cell.metadata.get("mystnb", {}).get("image", {}).get("alt"))
    return max(len(DRAWS.findall(cell.source)), described)


def pictures(cell: Any) -> int:
    """Return how many pictures and explorers stand among the outputs of a cell."""
    return sum(
        any(kind == WIDGET or kind.startswith("image/") for kind in output.get("data", ()))
        for output in cell.get("outputs", ())
    )
