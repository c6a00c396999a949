"""Copy the code of the English notebooks to the Chinese ones: ``python -m tools.build.sync_code``.

Source, id and tags of each code cell are copied; Chinese text and alternative texts stay.
"""

from tools.build.notebooks import Cell, read_notebook, write_notebook
from tools.paths import ROOT, notebook_paths


def synchronise(english: list[Cell], chinese: list[Cell], name: str) -> None:
    """Make the Chinese code cells equal to the English ones, in place.

    Args:
        english: The cells to copy from.
        chinese: The cells to change.
        name: The Chinese notebook's path, for the message.

    Raises:
        SystemExit: If the notebooks do not have the same kinds of cells in the same order.
    """
    for number, (source, target) in enumerate(zip(english, chinese, strict=False), start=1):
        if source["cell_type"] != target["cell_type"]:
            raise SystemExit(
                f"{name}: cell {number} is {target['cell_type']}, and the English notebook has "
                f"{source['cell_type']} there; make the cells match and run this again."
            )
    if len(english) != len(chinese):
        raise SystemExit(
            f"{name}: cell {min(len(english), len(chinese)) + 1} is in one language only; it has "
            f"{len(chinese)} cells and the English notebook {len(english)}."
        )
    for source, target in zip(english, chinese, strict=True):
        target["id"] = source["id"]
        if source["cell_type"] == "code":
            target["source"] = source["source"]
            _copy_tags(source["metadata"], target["metadata"])


def _copy_tags(source: dict[str, object], target: dict[str, object]) -> None:
    target.pop("tags", None)
    if "tags" in source:
        target["tags"] = source["tags"]


def main() -> None:
    """Synchronise every notebook that exists in both languages."""
    for path in notebook_paths("en"):
        copy = ROOT / "book/zh-TW" / path.name
        name = copy.relative_to(ROOT).as_posix()
        if not copy.exists():
            print(f"{name} does not exist yet")
            continue
        before, notebook = read_notebook(copy), read_notebook(copy)
        synchronise(read_notebook(path)["cells"], notebook["cells"], name)
        if notebook != before:
            write_notebook(copy, notebook)
            print(f"{name} has the English code now")


if __name__ == "__main__":
    main()
