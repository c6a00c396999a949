"""A reader's own table: a CSV file or an array becomes rows for a model, and rows a table."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vae_lib.engine.arguments import takes
from vae_lib.engine.checks import InputError
from vae_lib.engine.csv_files import Cell, read_csv
from vae_lib.engine.door import Images, split_rows

MOST_CATEGORIES = 50


@dataclass(frozen=True)
class Column:
    """What a column holds, and how it is scaled.

    Attributes:
        name: From the file's first line, or ``column 1``.
        centre: The mean of the training rows' numbers, which becomes 0.
        scale: Their standard deviation, which becomes 1.
        step: Smallest distance of two different numbers, in units of ``scale``: how the numbers
            are rounded.
        categories: Of a column of words its words, in order; of numbers there are none.
    """

    name: str
    centre: float = 0.0
    scale: float = 1.0
    step: float = 0.0
    categories: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many values a cell takes in a model's row: 1, or one for each category."""
        return max(1, len(self.categories))


@dataclass(frozen=True)
class TableData:
    """Rows split three ways: D scaled values, 0 where one is missing, then the mask of those seen.

    A number takes one value, a word one for each category: 1 for its own and 0 for the others.

    Attributes:
        train: Shape (N, 2 D).
        validation: Shape (M, 2 D), watched during training.
        test: Shape (K, 2 D), for the final figure only.
        columns: What each column holds.
        rows: For each part the place of its rows in what was given.
        about: One sentence: what was read, and what was done with it.
    """

    train: Tensor
    validation: Tensor
    test: Tensor
    columns: tuple[Column, ...]
    rows: tuple[Tensor, Tensor, Tensor]
    about: str

    def __str__(self) -> str:
        """Return ``about``."""
        return self.about

    @takes()
    def to_rows(self, x: Tensor) -> list[list[Cell]]:
        """Return rows in the reader's units, see the function ``to_rows``."""
        return to_rows(x, self.columns)


@takes(x="N D")
def to_rows(x: Tensor, columns: Sequence[Column]) -> list[list[Cell]]:
    """Turn a model's rows into the reader's: numbers in their units, words, None for what lacks.

    Args:
        x: Shape (N, 2 D): values and mask.
        columns: What each column holds.

    Raises:
        ValueError: If x has another shape.
    """
    values, seen = _halves(x, columns)
    table: list[list[Cell]] = [[] for _ in range(len(x))]
    start = 0
    for column in columns:
        part = values[:, start : start + column.width]
        for row, cell, there in zip(table, part.tolist(), seen[:, start].tolist(), strict=True):
            if not there:
                row.append(None)
            elif column.categories:
                row.append(column.categories[int(np.argmax(cell))])
            else:
                row.append(column.centre + column.scale * cell[0])
        start += column.width
    return table


@takes(x="N D")
def dequantise_rows(
    x: Tensor, columns: Sequence[Column], generator: torch.Generator | None = None
) -> Tensor:
    """Undo the rounding of a table's numbers by a fresh draw from each seen one's cell.

    Args:
        x: Shape (N, 2 D): values and mask.
        columns: What each column holds.
        generator: Source of the draws.

    Returns:
        Such rows again; words, gaps and the mask stay.

    Raises:
        ValueError: If x has another shape.

    Source: eq-dequantisation.
    """
    _, seen = _halves(x, columns)
    widths = [step for column in columns for step in [column.step] * column.width]
    uniform = torch.rand(seen.shape, dtype=x.dtype, device=x.device, generator=generator)
    noise = x.new_tensor(widths) * (uniform - 0.5) * seen
    return x + torch.cat([noise, torch.zeros_like(noise)], dim=-1)


def _halves(x: Tensor, columns: Sequence[Column]) -> tuple[Tensor, Tensor]:
    data_dim = sum(column.width for column in columns)
    if x.shape[-1] != 2 * data_dim:
        raise InputError(
            f"The rows have the shape {tuple(x.shape)}: give {data_dim} values and as many of "
            "their mask in each."
        )
    return x[..., :data_dim], x[..., data_dim:] > 0.5


@takes()
def load_table(
    source: str | Path | Images,
    seed: int = 0,
    columns: Sequence[Column] | None = None,
    leave_out: Sequence[str] = (),
    as_words: Sequence[str] = (),
) -> TableData:
    """Read a reader's own table.

    Args:
        source: A CSV file whose first line names the columns; or an array (N, columns) of numbers,
            NaN where one is missing. Columns with other words than numbers are categories; cells
            such as ``NA`` or ``?``, and empty ones, are missing.
        seed: Of the split into four fifths, a tenth and a tenth.
        columns: Scale by these, from another load or a model's checkpoint, not anew.
        leave_out: Names of columns that say nothing, such as an id or a date.
        as_words: Names of columns whose numbers are names, such as a postal code: categories.

    Raises:
        ValueError: If the table cannot be read, has fewer than 3 rows or none of the columns that
            are named, or a column has one value only, none at all, or too many words to be
            categories.
    """
    if isinstance(source, (str, Path)):
        names, cells = read_csv(Path(source))
        what = str(source)
    else:
        names, cells = _from_array(source)
        what = "an array"
    for name in (*leave_out, *as_words):
        if name not in names:
            raise InputError(f"{what} has no column {name!r}: its columns are {', '.join(names)}.")
    kept = [place for place, name in enumerate(names) if name not in leave_out]
    names = [names[place] for place in kept]
    cells = [[row[place] for place in kept] for row in cells]
    if not names:
        raise InputError(f"No column of {what} is left: leave out fewer.")
    parts = split_rows(len(cells), seed)
    if columns is None:
        training = set(parts[0].tolist())
        by_column = [list(column) for column in zip(*cells, strict=True)]
        pairs = zip(names, by_column, strict=True)
        columns = [_describe(name, column, training, name in as_words) for name, column in pairs]
    elif [column.name for column in columns] != names:
        raise InputError(
            f"The columns of {what} are {', '.join(names)}: give the table's columns as they were "
            f"trained on: {', '.join(column.name for column in columns)}."
        )
    encoded = [
        [
            value
            for column, cell in zip(columns, row, strict=True)
            for value in _encode(column, cell)
        ]
        for row in cells
    ]
    x = torch.tensor(encoded, dtype=torch.get_default_dtype())
    x = torch.cat([x.nan_to_num(0.0), (~x.isnan()).to(x.dtype)], dim=1)
    words = [column.name for column in columns if column.categories]
    numbers = [column.name for column in columns if not column.categories]
    missing = sum(cell is None for row in cells for cell in row)
    sizes = " / ".join(str(len(part)) for part in parts)
    left = f"left out: {_listed(leave_out)}; " if leave_out else ""
    about = (
        f"{len(cells)} rows from {what}; numbers, scaled to mean 0 and deviation 1: "
        f"{_listed(numbers)}; categories: {_listed(words)}; {left}{missing} missing cells kept as "
        f"a mask, split {sizes} (train / validation / test)."
    )
    return TableData(x[parts[0]], x[parts[1]], x[parts[2]], tuple(columns), parts, about)


def _listed(names: Sequence[str]) -> str:
    return (", ".join(names[:9]) or "none") + (f" and {len(names) - 9} more" * (len(names) > 9))


def write_table(rows: Sequence[Sequence[Cell]], columns: Sequence[Column]) -> bytes:
    """Return the content of a CSV file: the columns' names, then rows in the reader's units."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([column.name for column in columns])
    for row in rows:
        cells = [f"{cell:.6g}" if isinstance(cell, float) else cell or "" for cell in row]
        writer.writerow(cells)
    return text.getvalue().encode("utf-8")


def _from_array(source: Any) -> tuple[list[str], list[list[Cell]]]:
    if isinstance(source, Tensor):
        source = source.detach().cpu().numpy() if source.layout == torch.strided else object()
    if isinstance(source, torch.utils.data.Dataset):
        pairs = [source[number] for number in range(len(source))]  # type: ignore[arg-type]
        source = [np.asarray(one[0] if isinstance(one, tuple) else one) for one in pairs]
    try:
        values = np.asarray(source)
    except ValueError:
        values = np.empty(0)
    if values.dtype.kind not in "biuf" or values.ndim != 2 or values.shape[1] < 1:
        raise InputError(
            f"The table is a {type(source).__name__} of shape {values.shape}: give a CSV file, or "
            "an array of numbers of shape (rows, columns)."
        )
    names = [f"column {place}" for place in range(1, values.shape[1] + 1)]
    table = values.astype(np.float64).tolist()
    return names, [[None if math.isnan(cell) else cell for cell in row] for row in table]


def _describe(name: str, cells: list[Cell], training: set[int], as_words: bool) -> Column:
    """Find out what a column holds; scale by the training rows alone."""
    here = [cell for cell in cells if cell is not None]
    if not here:
        raise InputError(f"The column {name!r} has no value: leave it out.")
    if len(set(here)) == 1:
        raise InputError(f"The column {name!r} has one value only, {here[0]!s:.40}: leave it out.")
    numbers = [cell for cell in here if isinstance(cell, float)]
    if as_words or len(numbers) < len(here):
        words = sorted({_word(cell) for cell in here})
        if len(words) > MOST_CATEGORIES or 2 * len(words) > max(len(here), 4):
            raise InputError(
                f"The column {name!r} has {len(words)} different words or numbers in {len(here)} "
                f"cells, too many to be categories (at most {MOST_CATEGORIES}): leave it out."
            )
        return Column(name, categories=tuple(words))
    if not all(map(math.isfinite, numbers)):
        raise InputError(f"The column {name!r} holds infinite numbers: leave their cells empty.")
    seen = [cell for row, cell in enumerate(cells) if row in training and cell is not None]
    trained = np.array(seen, dtype=np.float64)
    scale = float(trained.std()) if len(trained) else 0.0
    if not 0 < scale < math.inf:
        raise InputError(
            f"The column {name!r} has fewer than two different numbers in the rows for training, "
            "or too large ones: leave it out, or give more rows."
        )
    gaps = np.diff(np.unique(trained))
    step = gaps[gaps > 1e-9 * np.ptp(trained)].min()  # smaller ones are the arithmetic's
    return Column(name, float(trained.mean()), scale, float(step) / scale)


def _word(cell: Cell) -> str:
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def _encode(column: Column, cell: Cell) -> list[float]:
    if cell is None:
        return [math.nan] * column.width
    if column.categories:
        if _word(cell) not in column.categories:
            raise InputError(
                f"The column {column.name!r} holds {cell!s:.40}, which is new since the "
                "training: leave that cell empty."
            )
        return [float(_word(cell) == word) for word in column.categories]
    if not isinstance(cell, float) or not math.isfinite(cell):
        raise InputError(f"The column {column.name!r} holds {cell!s:.40}: give numbers there.")
    return [(cell - column.centre) / column.scale]
