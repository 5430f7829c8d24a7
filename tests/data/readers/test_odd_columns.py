"""What looks odd about columns is said: identifiers, far-away numbers, signs, leaks."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

from polytask.data import MultiTaskDataset, fit_schemas, read, unseen_notes
from polytask.data.cells._written_numbers import written_hint
from polytask.exceptions import DataError
from polytask.tasks import Multiclass, Regression

ROWS = 400
X = [1.5, 1.5, 2.5, 2.5] * 100


@pytest.fixture
def generator():
    return np.random.default_rng(0)


def notes(table, tasks="y", **how):
    given = {"y": [0, 1] * (len(next(iter(table.values()))) // 2), **table}
    return read(given, [tasks] if isinstance(tasks, str) else tasks, **how).notes[1:]


# ── identifiers ───────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("values", "words"),
    [
        (list(range(ROWS)), "400 different whole numbers in 400 rows, as identifiers are"),
        ([7 * n + 2**40 for n in range(ROWS)], "400 different whole numbers in 400 rows"),
        ([None, *range(1, ROWS)], "399 different whole numbers in 400 rows"),
        ([f"id-{n}" for n in range(ROWS)], "400 distinct texts in 400 rows, which a model can"),
    ],
)
def test_identifiers_are_noted(values, words):
    (note,) = notes({"key": values, "x": X})
    assert note.startswith(f"input key: {words}")
    assert note.endswith("--drop key leaves it out")


def test_texts_of_which_many_repeat_may_be_hashed():
    (note,) = notes({"shop": [f"S{n % 251}" for n in range(ROWS)], "x": X})
    assert note.startswith("input shop: 251 distinct texts in 400 rows, which a model can hardly")
    assert note.endswith("--drop shop leaves it out, --column shop:identifier hashes it")


@pytest.mark.parametrize(
    "values",
    [
        [0.5 + n for n in range(ROWS)],
        [*range(ROWS // 2), *range(ROWS // 2)],
        [f"word {n % 101}" for n in range(ROWS)],
        [True, True, False, False] * 100,
    ],
)
def test_other_columns_are_no_identifiers(values):
    assert notes({"key": values}) == ()


def test_a_role_settles_what_a_column_is():
    table = {"key": list(range(ROWS)), "x": X}
    assert notes(table, columns={"key": "numeric"}) == ()
    assert notes({"key": range(12), "x": X[:12]}) == ()


# ── far-away numbers ──────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("values", "sentinel"),
    [
        (np.r_[np.linspace(0.5, 12.0, 97), [-200.0] * 3], "-200"),
        (np.r_[np.linspace(2, 1479, 90), [-200] * 10], "-200"),
        (np.r_[np.linspace(-1.9, 44.6, 90), [-200] * 10], "-200"),
        (np.r_[np.linspace(1, 5, 90), [99] * 10], "99"),
        (np.r_[np.tile([0, 1], 45), [-9999] * 10].astype(int), "-9999"),
        (np.r_[np.linspace(0, 41310, 90), [99999] * 10], "99999"),
        (np.r_[np.linspace(-3, 3, 90), [1e20] * 10], "1e+20"),
        (np.r_[np.linspace(0, 413, 90), [2147483647] * 10], "2147483647"),
        (np.r_[np.linspace(0, 4, 90), [-99.12345678] * 10], "-99.12345678"),
        (np.r_[np.linspace(0, 30, 4), [999] * 96], "999"),  # as in days since the last call
    ],
)
@pytest.mark.parametrize("role", ["input", "target"])
def test_a_far_away_number_that_repeats_is_noted(values, sentinel, role):
    if role == "input":
        found = notes({"a": values})
    else:
        found = read({"x": np.tile([1.5, 2.5], 50), "a": values}, ["a:regression"]).notes
    (note,) = [words for words in found if words.startswith("a: ")]
    assert f"a: {sentinel} repeats far from all other values" in note
    assert note.endswith(f"--missing {sentinel} if it means missing")
    assert not [
        words for words in notes({"a": values}, missing=float(sentinel)) if "repeats far" in words
    ]


def test_far_away_numbers_of_several_columns_are_one_note():
    values = np.r_[np.linspace(0.5, 12.0, 90), [-200.0] * 10]
    (note,) = notes({"a": values, "b": values[::-1], "x": X[:100]})
    assert note.startswith("a, b: -200 repeats far from all other values (20 cells)")


@pytest.mark.parametrize(
    "values",
    [
        np.r_[np.linspace(1000.0, 1500.0, 90), [0.0] * 10],
        np.r_[np.linspace(0.5, 12.0, 99), [-200.0]],
        np.tile([-1, 0, 1, 2], 25),
        np.tile([0, 1], 50),
        np.random.default_rng(0).lognormal(0, 3, 100),
        np.random.default_rng(0).poisson(3, 100),
        np.tile([0, 100], 50),
        np.linspace(-300, 300, 100),
        np.r_[[100.0] * 294, np.linspace(0, 1, 6)],  # most rows are not missing
        np.r_[[-200.0] * 60, np.linspace(0.5, 12.0, 40)],
        np.r_[[7.5] * 98, [0.1, 0.2, 0.3, 0.4]],
    ],
)
def test_other_numbers_are_not_noted(values):
    assert not [words for words in notes({"a": values}) if "repeats far" in words]


def test_signs_in_text_are_noted():
    table = {"a": ["x", "?", "y", "x"] * 5, "b": ["?", "u", "v", "u"] * 5, "c": ["?", "1"] * 10}
    (note,) = notes(table)
    assert note == (
        "a, b, c: '?' is a category like others (20 cells); --missing '?' if it means missing"
    )
    found = notes(table, missing="?")
    assert found == ("y: binary, because of 2 distinct values; positive class 1",)


# ── leaks ─────────────────────────────────────────────────────────────────────
def leaks(table, tasks=("y",), **how):
    found = read(table, list(tasks), **how).notes
    return [note for note in found if "nearly determines" in note]


def test_inputs_that_determine_a_number(generator):
    y = generator.normal(size=ROWS)
    table = {
        "y": y,
        "z": generator.normal(size=ROWS),
        "scaled": 3.0 - 2.0 * y,
        "noisy": y + 0.01 * generator.normal(size=ROWS),
        "curved": np.exp(y),
        "strong": y + 0.3 * generator.normal(size=ROWS),
        "useless": generator.normal(size=ROWS),
    }
    found = leaks(table, ["y", "z"])
    assert [note.split(":")[0] for note in found] == ["input scaled", "input noisy", "input curved"]
    assert all("determines y (agreement 0.9" in note for note in found)
    assert found[0].endswith("it gives the answer away: --drop scaled")


def test_a_target_that_is_a_function_of_an_input(generator):
    x = generator.uniform(-3, 3, size=4000)
    assert leaks({"x": x, "y": np.sin(x)})


@pytest.mark.parametrize("share", [0.5, 0.05])
def test_inputs_that_determine_a_class(generator, share):
    y = (generator.random(ROWS * 5) < share).astype(int)
    flipped = np.where(generator.random(len(y)) < 0.1, 1 - y, y)
    table = {
        "y": y,
        "number": y + generator.uniform(0, 0.9, len(y)),
        "word": np.array(["no", "yes"])[y],
        "cause": np.where(
            y == 1, generator.integers(0, 5, len(y)), generator.integers(5, 9, len(y))
        ),
        "flag": y == 1,
        "flipped": flipped,
        "wide": y + generator.normal(0, 0.7, len(y)),
    }
    found = [note.split(":")[0] for note in leaks(table)]
    assert found == ["input number", "input word", "input cause", "input flag"]


def test_own_rows_and_missing_labels(generator):
    y = pd.Series(generator.normal(size=ROWS))
    table = {"x": 2.0 * y, "y": y.mask(generator.random(ROWS) < 0.5), "site": ["a", "b"] * 200}
    data = MultiTaskDataset.from_long(table, "y", "site")
    assert [note for note in data.notes if "input x: alone nearly determines y" in note]
    assert leaks(table)


@pytest.mark.parametrize("n_rows", [4, 20, 49])
def test_tiny_tables_have_no_leaks(n_rows):
    y = np.arange(n_rows) + 0.5
    assert leaks({"x": y, "y": y}) == []


def test_noise_has_no_leaks(generator):
    for n_rows in (50, 60, 100, 1000):
        table = {f"x{n}": generator.normal(size=n_rows) for n in range(20)}
        table |= {f"c{n}": generator.integers(0, 5, n_rows).astype(str) for n in range(20)}
        table["key"] = [f"{n}" for n in range(n_rows)]
        table["rare"] = (np.arange(n_rows) == 7).astype(int)
        table["rank"] = generator.normal(size=n_rows)
        assert leaks(table, ["rare", "rank"]) == []


def test_dates_and_arrays_are_passed_over(generator):
    days = pl.date_range(pl.date(2020, 1, 1), pl.date(2021, 2, 3), eager=True)
    table = {"when": days, "y": np.arange(len(days)) + 0.5, "image": np.eye(len(days))}
    assert leaks(table) == []


def test_many_leaks_are_cut_short(generator):
    y = generator.normal(size=ROWS)
    found = leaks({"y": y, **{f"x{n}": y * (n + 1) for n in range(9)}})
    assert len(found) == 5


@pytest.mark.slow
def test_leaks_of_a_large_table_are_found_in_a_second(generator):
    import time

    from polytask.data.sources._leaks import leak_notes

    table = {f"x{n}": generator.normal(size=300_000) for n in range(30)}
    table |= {f"c{n}": generator.integers(0, 9, 300_000).astype(str) for n in range(10)}
    data = read({**table, "y": table["x0"] * 2.0, "z": table["x1"] > 0}, ["y", "z"])
    start = time.process_time()
    assert len(leak_notes(data.sources[0])) == 2
    assert time.process_time() - start < 1.0


# ── targets ───────────────────────────────────────────────────────────────────
def test_targets_that_are_equal_in_every_row_are_said_to_be_one_task(generator):
    y = generator.normal(size=60)
    cells = [None if n % 3 == 0 else float(v) for n, v in enumerate(y)]
    other = [cells[1], cells[1], cells[0], *cells[3:]]
    table = {"x": y[::-1], "a": cells, "b": cells, "c": other, "d": y, "e": list(y)}
    notes = read(table, ["a", "b", "c", "d", "e"]).notes
    equal = [note.partition(":")[0] for note in notes if "equal in every row" in note]
    assert equal == ["a and b", "d and e"]
    assert not any("equal in every row" in note for note in read(table, ["a", "c", "d"]).notes)


# ── numbers in text ───────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("{:.1f} %", r"holds numbers beside ' %', such as '0\.5 %', which are text"),
        ("${:.2f}", r"holds numbers beside '\$', such as '\$0\.50', which are text"),
        ("{:.2f}", r"holds numbers that are kept as text; --column y:numeric reads them"),
    ],
)
def test_numbers_in_text_are_told_from_classes(cell, words):
    text = [cell.format(row + 0.5) for row in range(60)]
    table = {"x": range(60), "y": text}
    for labels in (text, [*text[:30], *text[:30]]):
        with pytest.raises(DataError, match=rf"'y' {words}.*Or write y:multiclass"):
            read(table | {"y": labels}, "y")
    said = "\n".join(read({"y": [0, 1] * 30, "a": text}, "y").notes)
    assert said.count("a: numbers") == 1
    assert "hardly" not in said


def test_a_stray_cell_in_a_target_of_numbers(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\nkg,cm\n" + "".join(f"{row},{row}.5\n" for row in range(60)))
    with pytest.raises(DataError, match=r"numbers but for 'cm' \(1 cell\).*--missing 'y=cm'"):
        read(path, "y")
    assert read(path, "y", missing=["kg", "cm"]).tasks[0].known_kind == Regression()


@pytest.mark.parametrize("every", [20, 9, 4, 2])
@pytest.mark.parametrize("of", ["file", "frame"])
def test_a_target_of_numbers_some_below_a_limit(tmp_path, of, every):
    cells = ["<0.5" if row % every == 0 else f"{row}.5" for row in range(60)]
    table = pd.DataFrame({"x": range(60), "y": cells})
    if of == "file":
        table.to_csv(tmp_path / "t.csv", index=False)
        table = tmp_path / "t.csv"
    remedy = r"write it as a plain number, or add --missing 'y=<0.5' if it means missing\. Or write"
    with pytest.raises(DataError, match=rf"numbers but for '<0.5' \(\d+ cells\).*{remedy}"):
        read(table, "y")
    assert read(table, "y", missing=["y=<0.5"]).tasks[0].known_kind == Regression()
    assert read(table, "y:multiclass").tasks[0].known_kind == Multiclass()


def test_whole_numbers_below_a_limit_are_no_codes():
    cells = ["<5" if row % 9 == 0 else str(row % 25 + 5) for row in range(100)]
    with pytest.raises(DataError, match="numbers but for '<5'"):
        read({"x": range(100), "y": cells}, "y")


OTHERWISE = {
    "accounts": "({:.2f})",
    "sign": "-${:.2f}",
    "blank": "2 {:03.0f},1",
    "apostrophe": "{:.0f}'234",
    "unit": "{:.2f} cm",
    "thousands": "{:.0f}k",
    "time": "00:{:02.0f}:30",
    "fraction": "{:.0f}/7",
    "footnote": "{:.2f}*",
    "fortran": "{:.2f}D+02",
    "limits": "<{:.2f}",
}


@pytest.mark.parametrize("form", OTHERWISE.values(), ids=OTHERWISE)
@pytest.mark.parametrize("every", [1, 2, 3])
def test_numbers_written_otherwise(form, every):
    cells = [form.format(row) if row % every == 0 else f"{row}.5" for row in range(60)]
    words = r"numbers(, some)? (written otherwise|beside .*), such as .*write (them|the numbers)"
    with pytest.raises(DataError, match=rf"'y' holds {words}.*Or write y:multiclass"):
        read({"x": range(60), "y": cells}, "y")
    table = {"a": cells, "y": [0.5, 1.5] * 30}
    (note,) = [note for note in read(table, "y").notes if note.startswith("input a:")]
    assert re.search(words, note)
    assert "--drop" not in note
    found = read(table, "y", columns={"a": "categorical"}).notes
    assert not [note for note in found if note.startswith("input a:")]


@pytest.mark.parametrize("cells", [["1.5%", "2.5%", "7%"], ["(1.5)", "2.5", "3.5"]])
def test_few_numbers_written_otherwise_are_doubted_classes(cells):
    data = read({"x": range(60), "y": cells * 20}, "y")
    assert data.tasks[0].known_kind == Multiclass()
    (note,) = [note for note in data.notes if note.startswith("y: ")]
    assert "3 distinct texts, which look like numbers" in note


@pytest.mark.parametrize(
    "cells",
    [
        ["<=50K", ">50K"],
        ["<18", "18-64", "65+"],
        ["1a", "1b", "2a"],
        ["red", "green"],
        [f"10.0.0.{row}" for row in range(60)],
        [f"555-{row:04}" for row in range(60)],
        [f"E{row}.9" for row in range(60)],
    ],
    ids=["income", "ages", "grades", "words", "addresses", "telephones", "diseases"],
)
def test_what_is_no_number(cells):
    assert not written_hint(pl.Series(cells))
    found = read({"a": cells * 3, "y": [0.5, *range(len(cells) * 3 - 1)]}, "y:regression").notes
    assert not [note for note in found if "written otherwise" in note]


@pytest.mark.parametrize("form", ["{:03d}", "{}", "C{}"])
def test_codes_are_classes(form):
    labels = [form.format(row % 25) for row in range(100)]
    assert read({"x": range(100), "y": labels}, "y").tasks[0].known_kind == Multiclass()


def test_whole_numbers_with_a_unit_are_classes_where_each_occurs_twice():
    labels = [f"{row % 25} kg" for row in range(50)]
    assert read({"x": range(50), "y": labels}, "y").tasks[0].known_kind == Multiclass()
    with pytest.raises(DataError, match="Or write y:multiclass"):
        read({"x": range(49), "y": labels[:49]}, "y")


def test_whole_numbers_that_look_like_dates():
    days = [20200101 + 100 * (row % 12) for row in range(60)]
    assert notes({"a": days, "y": [0, 1] * 30})[-1] == (
        "input a: whole numbers that may be dates; --column a:date reads them so"
    )


@pytest.mark.parametrize(
    "width", [pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64]
)
def test_whole_numbers_of_any_width_are_inputs_and_targets(width):
    numbers = pl.Series([row % 7 for row in range(60)], dtype=width)
    limits = np.iinfo(str(width).lower())
    ends = pl.Series([limits.min, limits.max] * 30, dtype=width)
    data = read(pl.DataFrame({"a": numbers, "b": ends, "y": numbers, "x": range(60)}), "y")
    assert data.sources[0].inputs["a"].dtype == width


# ── whole numbers stored as floats ────────────────────────────────────────────
def test_labels_that_pandas_made_floats_of():
    labels = [float(row % 3) if row % 4 else None for row in range(60)]
    table = pd.DataFrame({"x": range(60), "y": labels})
    assert table["y"].dtype == float
    data = read(table, "y")
    assert data.tasks[0].known_kind == Multiclass()
    assert data.notes[0].endswith("write y:regression for numbers")
    data = read(table.fillna(1.0), "y")
    assert data.tasks[0].known_kind == Regression()
    assert data.notes[0].endswith("(3 different ones; write y:multiclass for classes)")


# ── the index of a pandas frame ───────────────────────────────────────────────
@pytest.mark.parametrize(
    ("index", "words"),
    [
        (pd.Index(range(40), name="school"), "its index, 'school', is not read"),
        (pd.Index([f"p{row}" for row in range(40)]), "its index, which holds text, is not read"),
        (pd.date_range("2020-01-01", periods=40), "its index, which holds dates, is not read"),
        (pd.MultiIndex.from_product([range(4), range(10)], names=["a", None]), "its index, 'a', "),
    ],
)
def test_an_index_that_says_something_is_not_lost_in_silence(index, words):
    frame = pd.DataFrame({"x": range(40), "y": [0, 1] * 20}, index=index)
    (note, *_) = read(frame, "y").notes
    assert note.startswith(f"the frame: {words}")
    assert note.endswith("reset_index() makes columns of it")


def test_row_numbers_are_no_index_to_speak_of():
    frame = pd.DataFrame({"x": range(40), "y": [0, 1] * 20})
    assert not any("index" in note for note in read(frame[frame["x"] > 5], "y").notes)


def test_numbers_with_units_that_repeat_are_noted():
    text = [f"{row % 30} kg" for row in range(200)]
    said = "\n".join(read({"y": [0, 1] * 100, "a": text}, "y").notes)
    assert "input a: numbers beside ' kg', such as '0 kg', which are text" in said


# ── categories of new rows ────────────────────────────────────────────────────
def test_categories_that_fitting_did_not_meet_are_noted():
    table = {"zip": ["01", "02"] * 10, "size": [1, 2] * 10, "y": [0, 1] * 10}
    schemas = fit_schemas(read(table, "y", columns={"size": "categorical"})).values()
    new = pl.DataFrame({"zip": ["01", "1", None, "2", "1"], "size": ["1.0", "2", None, "1", "3"]})
    assert unseen_notes(new, schemas) == (
        "zip: '1', '2' (3 cells) were not seen in fitting and count as unknown",
        "size: '3' (1 cell) was not seen in fitting and counts as unknown",
    )
    assert unseen_notes(new.head(1), schemas) == ()


def test_whole_numbers_that_double_precision_does_not_tell_apart_are_noted():
    codes = [2**60 + row % 4 for row in range(ROWS)]
    table = {"x": list(range(ROWS)), "code": codes, "y": [row % 7 / 7 for row in range(ROWS)]}
    (note,) = (note for note in read(table, ["y"]).notes if "code" in note)
    assert "more than 15 figures, of which different ones are read as one number" in note
    assert "--column code:identifier" in note
    table["code"] = [2**60 + 4096 * (row % 4) for row in range(ROWS)]
    assert not [note for note in read(table, ["y"]).notes if "code" in note]


@pytest.mark.parametrize("day", [-(2**31) + 1, -719_163, 2_932_897, 2**31 - 1])
def test_dates_outside_of_the_calendar_are_refused(day):
    days = pl.Series([0, 1, day, 2]).cast(pl.Int32).cast(pl.Date)
    sentence = r"Column 'day' holds a date outside of the years 1 to 9999 \(first in row 2\)\. Repl"
    for dates in (days, days.cast(pl.Datetime("ms"))):
        with pytest.raises(DataError, match=sentence):
            read(pl.DataFrame({"day": dates, "y": [0.0, 1.0, 2.0, 3.0]}), ["y"])
    kept = pl.Series([-719_162, 2_932_896, 0, None], dtype=pl.Int32).cast(pl.Date)
    assert read(pl.DataFrame({"day": kept, "y": [0.0, 1.0, 2.0, 3.0]}), ["y"]).notes


@pytest.mark.filterwarnings("error")
def test_numbers_at_the_ends_of_the_range_are_read():
    ends = [1.7e308] * 40 + [-1.7e308] * (ROWS - 40)
    read({"x": ends, "y": [row % 7 / 7 for row in range(ROWS)]}, ["y"])


@pytest.mark.parametrize("role", ["text", "tokens"])
def test_sentences_that_recur_with_their_label_do_not_give_it_away(role):
    notes = [f"sentence number {row % 50} of a few" for row in range(200)]
    table = {"note": notes, "y": [row % 2 for row in range(200)]}
    data = MultiTaskDataset.from_table(table, ["y:multiclass"], columns={"note": role})
    assert not [note for note in data.notes if "nearly determines" in note]
    plain = MultiTaskDataset.from_table(
        table, ["y:multiclass"], columns={"note": "categorical"}
    ).notes
    assert [note for note in plain if "input note: alone nearly determines y" in note]
