"""The kept outputs of the notebooks, known by the code alone: one run serves both languages.

Jupyter Cache's own key holds all metadata of the cells, and with them the texts of one language.
Whoever looks up or adds outputs does it through ``Outputs``: the object itself carries the key into
a pool's processes, however these are started.
"""

from typing import Any

from jupyter_cache.cache.main import JupyterCacheBase
from myst_nb.core.execute import cache as asking


class Outputs(JupyterCacheBase):  # type: ignore[misc]
    """A cache whose key holds the code and the cells' tags, such as raises-exception."""

    def create_hashed_notebook(self, nb: Any, **metadata: Any) -> tuple[Any, str]:
        """Return the notebook's code and its key."""
        hashed: tuple[Any, str] = super().create_hashed_notebook(nb, cell_metadata=("tags",))
        return hashed


def find_outputs_by_the_code() -> None:
    """Let MyST-NB, which builds the pages, look them up in the same way.

    Raises:
        RuntimeError: If it no longer asks a function ``get_cache`` for its cache.
    """
    if not hasattr(asking, "get_cache"):
        raise RuntimeError(
            f"{asking.__name__} has no get_cache any more: see in tools/build/outputs.py how the "
            "pages' build finds the kept outputs."
        )
    asking.get_cache = Outputs
