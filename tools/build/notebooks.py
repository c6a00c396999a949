"""Read and write the book's notebooks, in the one form in which they are stored."""

import json
from pathlib import Path
from typing import Any

Notebook = dict[str, Any]
Cell = dict[str, Any]


def read_notebook(path: Path) -> Notebook:
    """Parse a notebook; the source of each cell becomes one string."""
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def write_notebook(path: Path, notebook: Notebook) -> None:
    """Store a notebook the way Jupyter does: sources as lists of lines, keys in order."""
    stored = {**notebook, "cells": [_with_lines(cell) for cell in notebook["cells"]]}
    text = json.dumps(stored, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    path.write_text(text, encoding="utf-8")


def _with_lines(cell: Cell) -> Cell:
    return {**cell, "source": cell["source"].splitlines(keepends=True)}
