"""The door for tables: what comes in goes out again, and what cannot come in gets a sentence."""

import csv
import io

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

from vae_lib.engine.checks import InputError
from vae_lib.tables import Column, dequantise_rows, load_table, to_rows, write_table

LINES = [
    "age,colour,income,flag",
    "30,red,10.5,1",
    "41,blue,,0",
    "?,red,20.25,1",
    "28, green ,7.75,NA",
    "55,blue,100.5,0",
    "33,green,3.25,0",
]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    return path


def back(data):
    """All rows in the reader's units and in the order in which they were given."""
    rows = data.to_rows(torch.cat([data.train, data.validation, data.test]))
    order = torch.cat(data.rows).tolist()
    return [row for _, row in sorted(zip(order, rows, strict=True), key=lambda pair: pair[0])]


def test_what_comes_in_goes_out_in_the_same_units(file):
    rows = back(load_table(file))
    assert [row[1] for row in rows] == ["red", "blue", "red", "green", "blue", "green"]
    assert [row[0] is None for row in rows] == [False, False, True, False, False, False]
    assert rows[1][2] is None and rows[3][3] is None
    np.testing.assert_allclose([row[2] for row in rows if row[2]], [10.5, 20.25, 7.75, 100.5, 3.25])
    assert all(
        value in (0, 1) for value in (round(row[3], 12) for row in rows if row[3] is not None)
    )


def test_the_sentence_says_what_was_done(file):
    assert str(load_table(file)) == (
        f"6 rows from {file}; numbers, scaled to mean 0 and deviation 1: age, income, flag; "
        "categories: colour; 3 missing cells kept as a mask, split 4 / 1 / 1 (train / validation "
        "/ test)."
    )


def test_columns_are_left_out_and_numbers_that_are_names_become_categories(file):
    data = load_table(file, leave_out=["age"], as_words=["flag"])
    assert [column.name for column in data.columns] == ["colour", "income", "flag"]
    assert data.columns[2].categories == ("0", "1")
    assert back(data)[0] == ["red", 10.5, "1"] and back(data)[3][2] is None
    assert str(data) == (
        f"6 rows from {file}; numbers, scaled to mean 0 and deviation 1: income; categories: "
        "colour, flag; left out: age; 2 missing cells kept as a mask, split 4 / 1 / 1 (train / "
        "validation / test)."
    )
    again = load_table(file, columns=data.columns, leave_out=["age"])
    assert torch.equal(again.train, data.train)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"leave_out": ["weight"]}, "has no column 'weight': its columns are age, colour, income"),
        ({"as_words": ["weight"]}, "has no column 'weight'"),
        ({"leave_out": ["age", "colour", "income", "flag"]}, "No column of .* is left"),
    ],
)
def test_columns_that_are_not_there_get_one_sentence(options, message, file):
    with pytest.raises(InputError, match=message):
        load_table(file, **options)


def test_many_columns_are_named_in_part():
    table = load_table(np.random.default_rng(0).normal(size=(9, 12)))
    assert "column 8, column 9 and 3 more; categories: none;" in str(table)


def test_the_rounding_is_undone_within_a_number_s_cell_and_nowhere_else(file):
    data = load_table(file)
    drawn = dequantise_rows(data.train, data.columns, torch.Generator().manual_seed(0))
    steps = torch.tensor([data.columns[0].step, 0, 0, 0, *(c.step for c in data.columns[2:])])
    change = (drawn - data.train).abs()
    assert (change[:, :6] <= steps / 2 + 1e-12).all() and (change[:, 6:] == 0).all()
    numbers = data.train[:, 6:] * (steps > 0)
    assert ((change[:, :6] > 0) == (numbers > 0)).all()
    again = dequantise_rows(data.train, data.columns, torch.Generator().manual_seed(0))
    assert torch.equal(again, drawn)


def test_the_draws_fill_the_cell_evenly():
    """10,000 draws of a uniform variable on [-1/2, 1/2]: mean and variance within 4 errors."""
    data = load_table(np.tile([[0.0], [3.0]], (6000, 1)))
    drawn = dequantise_rows(data.train, data.columns, torch.Generator().manual_seed(0))
    noise = (drawn - data.train)[:, 0] / data.columns[0].step
    assert abs(noise.mean()) < 4 * (1 / 12 / len(noise)) ** 0.5
    assert abs(noise.var() - 1 / 12) < 4 * (1 / 180 / len(noise)) ** 0.5


def test_training_numbers_have_mean_zero_and_deviation_one():
    values = np.random.default_rng(0).gamma(1.0, size=(200, 3)) * [1, 10, 1e6]
    data = load_table(values)
    half = data.train[:, :3]
    np.testing.assert_allclose(half.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(half.std(0, correction=0), 1, atol=1e-12)
    assert (data.train[:, 3:] == 1).all()


def test_a_gap_is_zero_and_its_mask_is_zero():
    values = np.arange(30.0).reshape(10, 3)
    values[4, 1] = np.nan
    data = load_table(values)
    x = torch.cat([data.train, data.validation, data.test])
    row = torch.cat(data.rows).tolist().index(4)
    assert x[row, 1] == 0 and x[row, 3:].tolist() == [1, 0, 1]
    assert (x[:, 3:] == 0).sum() == 1


def test_the_step_is_the_rounding_of_the_numbers():
    """Numbers rounded to 0.25: the deviation of the training rows divides it."""
    rng = np.random.default_rng(0)
    values = np.stack([np.round(rng.normal(size=300) * 4) / 4, rng.integers(0, 9, 300)], 1)
    for column, step in zip(load_table(values).columns, (0.25, 1.0), strict=True):
        assert column.step * column.scale == pytest.approx(step, rel=1e-12)


def test_every_kind_of_the_same_table_gives_the_same_rows():
    values = np.random.default_rng(0).normal(size=(9, 2))
    expected = load_table(values).train
    kinds = [torch.as_tensor(values), values.tolist(), TensorDataset(torch.as_tensor(values))]
    assert all(torch.equal(load_table(given).train, expected) for given in kinds)


def test_a_model_s_columns_scale_other_rows(file, tmp_path):
    columns = load_table(file).columns
    other = tmp_path / "other.csv"
    other.write_text("\n".join([LINES[0], *["42,red,1,1"] * 3]), encoding="utf-8")
    data = load_table(other, columns=columns)
    assert data.columns == columns
    assert back(data)[0] == pytest.approx([42.0, "red", 1.0, 1.0])


def test_a_written_table_reads_back(file):
    data = load_table(file)
    text = write_table(back(data), data.columns).decode()
    read = list(csv.reader(io.StringIO(text)))
    assert read[0] == ["age", "colour", "income", "flag"]
    assert read[2] == ["41", "blue", "", "0"]
    assert read[4][3] == ""


def test_zero_is_written_and_no_gap():
    assert write_table([[0.0]], [Column("a")]).decode().split() == ["a", "0"]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_other_marks_between_cells_are_seen(mark, encoding, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("\n".join(LINES).replace(",", mark), encoding=encoding)
    assert [column.name for column in load_table(path).columns] == LINES[0].split(",")


def texts(*lines):
    def make(tmp_path):
        (tmp_path / "t.csv").write_text("\n".join(lines), encoding="utf-8")
        return tmp_path / "t.csv"

    return make


def raw(content):
    def make(tmp_path):
        (tmp_path / "t.csv").write_bytes(content)
        return tmp_path / "t.csv"

    return make


BAD = {
    "no file": (lambda path: path / "away.csv", "There is no file"),
    "a folder": (lambda path: path, "There is no file"),
    "an empty file": (raw(b""), "holds no rows"),
    "a head only": (texts("a,b"), "holds no rows"),
    "one row": (texts("a,b", "1,2"), "1 data point: give at least 3"),
    "bytes": (raw(b"a,b\n\xff\xfe\n"), "no CSV file in UTF-8"),
    "a long row": (texts("a,b", "1,2", "1,2,3", "1,2"), "Row 2 of .* has 3 cells"),
    "a short row": (texts("a,b", "1,2", "1", "1,2"), "Row 2 of .* has 1 cells"),
    "no head": (texts("1,2", "3,4", "5,6", "7,8"), "holds numbers: write the columns' names"),
    "a name twice": (texts("a,a", "1,2", "3,4", "5,6"), "two columns of the same name"),
    "a constant column": (texts("a,b", "1,2", "1,3", "1,4"), "'a' has one value only, 1"),
    "a constant word": (texts("a,b", "x,2", "x,3", "x,4"), "'a' has one value only, x"),
    "a column without values": (texts("a,b", ",2", "NA,3", "?,4"), "'a' has no value"),
    "a text column": (
        texts("a,b", *(f"some text {row},{row}" for row in range(9))), "9 different words",
    ),
    "infinity": (texts("a,b", "inf,2", "2,3", "3,4"), "infinite numbers"),
    "huge numbers": (texts("a,b", "1e308,2", "-1e308,3", *["1e308,4"] * 9), "too large"),
    "an array of words": (lambda path: np.array([["a"]] * 4), "give a CSV file"),
    "a vector": (lambda path: np.arange(4.0), r"shape \(4,\)"),
    "no columns": (lambda path: np.zeros((4, 0)), r"shape \(4, 0\)"),
    "a number": (lambda path: 3, r"a int of shape"),
    "nothing": (lambda path: None, "NoneType"),
    "a ragged list": (lambda path: [[1, 2], [3]], "give a CSV file"),
    "all NaN": (lambda path: np.full((4, 1), np.nan), "'column 1' has no value"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("name", BAD)
def test_bad_tables_get_one_sentence_and_nothing_is_lost(name, tmp_path):
    make, message = BAD[name]
    given = make(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match=message) as caught:
        load_table(given)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_column_that_is_constant_in_the_training_rows_is_refused():
    values = np.stack([np.arange(10.0), np.zeros(10)], 1)
    values[load_table(np.arange(10.0)[:, None]).rows[2], 1] = 1.0
    with pytest.raises(InputError, match="'column 2' has fewer than two different numbers"):
        load_table(values)


def test_another_table_than_the_model_s_is_refused(file, tmp_path):
    columns = load_table(file).columns
    other = texts("a,b", *["1,2"] * 3)(tmp_path)
    with pytest.raises(InputError, match="give the table's columns as they were trained on"):
        load_table(other, columns=columns)
    other = texts(LINES[0], *["1,violet,2,1"] * 3)(tmp_path)
    with pytest.raises(InputError, match="'colour' holds violet, which is new"):
        load_table(other, columns=columns)
    other = texts(LINES[0], *["old,red,2,1"] * 3)(tmp_path)
    with pytest.raises(InputError, match="'age' holds old: give numbers"):
        load_table(other, columns=columns)


def test_rows_of_another_length_are_no_table(file):
    with pytest.raises(InputError, match="give 6 values and as many of their mask"):
        to_rows(torch.zeros(2, 11), load_table(file).columns)
