"""CSV files as readers save them: names of columns, and cells that are numbers, words or gaps."""

import csv
import io
from pathlib import Path

from vae_lib.engine.checks import InputError

MISSING = ("", "na", "n/a", "nan", "null", "none", "?")
Cell = float | str | None


def read_csv(path: Path) -> tuple[list[str], list[list[Cell]]]:
    """Return the columns' names and the rows.

    Args:
        path: A file in UTF-8, its cells parted by commas, semicolons or tabs.

    Raises:
        InputError: If it is no such file.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}: give the name of a CSV file.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
        head = text.partition("\n")[0]
        mark = max(",;\t", key=head.count)
        lines = [line for line in csv.reader(io.StringIO(text), delimiter=mark) if line]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is no CSV file in UTF-8 ({error}): save it as one.") from None
    if len(lines) < 2:
        raise InputError(f"{path} holds no rows below the columns' names: give at least 3.")
    names = [name.strip() or f"column {place}" for place, name in enumerate(lines[0], 1)]
    if len(set(names)) < len(names):
        raise InputError(f"{path} has two columns of the same name: rename one.")
    for number, line in enumerate(lines[1:], 1):
        if len(line) != len(names):
            raise InputError(
                f"Row {number} of {path} has {len(line)} cells, and {len(names)} columns have "
                "names: give every row as many."
            )
    if all(_number(name) is not None for name in names):
        raise InputError(f"The first line of {path} holds numbers: write the columns' names there.")
    return names, [[_cell(text) for text in line] for line in lines[1:]]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _cell(text: str) -> Cell:
    text = text.strip()
    if text.lower() in MISSING:
        return None
    number = _number(text)
    return text if number is None else number
