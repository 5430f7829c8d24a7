"""Identifiers as two hashes: the same everywhere, without a vocabulary, told apart all the same."""

import datetime as dt
import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytask.data import fit_schemas, read, schema_from_json, schema_to_json, unseen_notes
from polytask.data.columns import CategoricalColumn, HashedColumn, fit_columns
from polytask.exceptions import BundleError, DataError, ParameterError

IDENTIFIER = {"c": "identifier"}


def codes(column, values, dtype=None):
    return column.encode(pl.DataFrame([pl.Series("c", values, dtype=dtype)]))[1]


def fitted(values, dtype=None, roles=IDENTIFIER):
    (column,) = fit_columns(pl.DataFrame([pl.Series("c", values, dtype=dtype)]), roles)
    return column


# ── the hash ──────────────────────────────────────────────────────────────────
GOLDEN = {
    "7": [4328, 14543],
    "07": [11821, 9964],
    "user": [8112, 5244],
    "Zürich": [13425, 14760],
}


def test_hashes_never_change():
    found = codes(HashedColumn("c", 1 << 14), [*GOLDEN, None, ""])
    assert found.tolist() == [*GOLDEN.values(), [0, 0], [0, 0]]
    assert found.dtype == np.int32


def test_hashes_are_the_same_in_every_process():
    script = (
        "import polars as pl\n"
        "from polytask.data.columns import HashedColumn\n"
        "print(HashedColumn('c', 1 << 14).encode(pl.DataFrame({'c': ['user']}))[1].tolist())"
    )
    for seed in ("1", "2"):
        command = [sys.executable, "-c", script]
        answer = subprocess.run(
            command,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(answer.stdout) == [GOLDEN["user"]]


@given(st.lists(st.text(max_size=5) | st.none(), max_size=30), st.integers(1, 1 << 20))
def test_equal_values_have_equal_codes_within_the_cardinalities(values, n_buckets):
    column = HashedColumn("c", n_buckets)
    found = codes(column, values, pl.String)
    assert found.shape == (len(values), 2)
    assert ((found >= 0) & (found < column.cardinalities)).all()
    alone = [codes(column, [value], pl.String)[0] for value in values]
    np.testing.assert_array_equal(found, np.reshape(alone, (-1, 2)))


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([7, 8], pl.Int8),
        ([7, 8], pl.UInt64),
        ([7.0, 8.0], pl.Float64),
        (["7", " 8.0"], pl.String),
        (["07", "8"], pl.Categorical),
    ],
)
def test_a_number_has_one_code_however_it_is_written(values, dtype):
    column = fitted([7, 8, 9])
    np.testing.assert_array_equal(codes(column, values, dtype), codes(column, [7, 8]))
    assert (
        codes(column, values, dtype)[0].tolist() == codes(HashedColumn("c", 256), ["7"])[0].tolist()
    )


def test_texts_that_differ_are_different_values():
    column = fitted(["7", "07"])
    assert codes(column, ["7"]).tolist() != codes(column, ["07"]).tolist()


def test_missing_cells_and_words_for_them_have_code_0():
    column = fitted(["a", "b", None])
    np.testing.assert_array_equal(codes(column, [None, "NA", " n/a ", ""]), 0)
    assert (codes(column, ["a", "NAB"]) > 0).all()


def test_two_hashes_are_independent():
    values = [f"user-{number}" for number in range(20_000)]
    found = codes(HashedColumn("c", 256), values)
    counts = np.histogram2d(*found.T, bins=256, range=[[1, 257], [1, 257]])[0]
    expected = len(values) / counts.size
    assert abs(((counts - expected) ** 2 / expected).mean() - 1) < 0.03  # chi² per cell
    wide = codes(HashedColumn("c", 1 << 14), values)
    assert len(np.unique(wide[:, 0])) < 0.75 * len(values)  # one hash alone confuses many
    assert len(np.unique(wide, axis=0)) >= len(values) - 5


def test_chunks_change_nothing(monkeypatch):
    values = [f"user-{number % 37}" for number in range(100)]
    whole = codes(HashedColumn("c", 999), values)
    monkeypatch.setattr("polytask.data.columns._hashed_column._CHUNK", 7)
    np.testing.assert_array_equal(codes(HashedColumn("c", 999), values), whole)


# ── fitting ───────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("n_distinct", "n_buckets"), [(1, 256), (256, 256), (257, 512), (5000, 8192), (40_000, 16_384)]
)
def test_buckets_grow_with_distinct_training_values_up_to_a_limit(n_distinct, n_buckets):
    column = fitted([None, *range(n_distinct), *range(n_distinct)])
    assert column == HashedColumn("c", n_buckets, holds="numbers")


def test_text_of_more_values_than_a_vocabulary_is_hashed():
    values = [f"{number:05}" for number in range(10_000)]
    assert isinstance(fitted([*values, None], roles={}), CategoricalColumn)
    assert fitted([*values, "new", "new"], roles={}) == HashedColumn("c", 16_384)
    vocabulary = fitted([*values, "new", "new"], roles={"c": "categorical"}).vocabulary
    assert len(vocabulary) == 10_000
    assert "new" in vocabulary


@pytest.mark.parametrize(
    "values", [[True, False], ["a", "b"], [1, 2], [0.5, 2.5], [dt.date(2020, 1, 1)]]
)
def test_identifiers_of_any_type(values):
    table = {"c": values * 6, "x": range(len(values) * 6), "y": [0, 1, 2] * (len(values) * 2)}
    data = read(table, ["y:regression"], columns=IDENTIFIER)
    schema = fit_schemas(data)["table"]
    assert schema.columns[0].encoder == "hashed"
    found = schema.encode(data.sources[0])["categorical"]
    assert len(np.unique(found, axis=0)) == len(values)


def test_tensors_are_no_identifiers():
    with pytest.raises(DataError, match="'c' was declared to be an identifier, but holds"):
        read({"c": np.eye(4), "y": [0, 1, 0, 1]}, "y", columns=IDENTIFIER)


def test_a_target_is_no_identifier():
    with pytest.raises(DataError, match="'y' is a target and cannot have the role identifier"):
        read({"c": [1, 2, 3, 4], "y": [0, 1, 0, 1]}, "y", columns={"*": "identifier"})


def test_buckets_can_be_declared():
    table = {"c": [*range(300)] * 2, "d": ["a", "b"] * 300, "y": [0, 1] * 300}
    data = read(table, "y", columns={"*": "identifier", "c": "identifier=4096", "y": "numeric"})
    schema = fit_schemas(data)["table"]
    assert schema.cardinalities == (4097, 4097, 257, 257)
    assert data.sources[0].reading.buckets == {"c": 4096}
    assert schema_from_json(schema_to_json(schema)) == schema
    other = read(table, "y", columns={"*": "identifier", "c": "identifier=512", "y": "numeric"})
    assert other.digest() != data.digest()


def test_buckets_of_one_source():
    tables = {"a": {"c": [1, 2], "y": [0.5, 1.5]}, "b": {"c": [1, 2], "y": [2.5, 3.5]}}
    data = read(sources=tables, tasks="y", columns={"a/c": "identifier=300", "c": "identifier"})
    found = {name: schema.cardinalities for name, schema in fit_schemas(data).items()}
    assert found == {"a": (301, 301), "b": (257, 257)}


@pytest.mark.parametrize("count", ["0", "-1", "1048577", "4e3", "many", "²", "10" * 50])
def test_wrong_buckets_are_named(count):
    words = r"'c' cannot be declared to be .* must be a whole number from 1 to 1,048,576"
    with pytest.raises(ParameterError, match=words):
        read({"c": [1, 2], "y": [0, 1]}, "y", columns={"c": f"identifier={count}"})
    with pytest.raises(ParameterError, match="'c' cannot be declared to be 'drop=9'"):
        read({"c": [1, 2], "y": [0, 1]}, "y", columns={"c": "drop=9"})


# ── new rows ──────────────────────────────────────────────────────────────────
def test_new_values_have_buckets_like_any_other_and_no_note():
    column = fitted([f"user-{number}" for number in range(50)])
    assert (codes(column, ["never met"]) > 0).all()
    data = read({"c": ["a", "b"] * 4, "y": [0, 1] * 4}, "y", columns=IDENTIFIER)
    table = pl.DataFrame({"c": ["a", "new"]})
    assert unseen_notes(table, fit_schemas(data).values()) == ()


def test_rows_that_are_not_of_training_change_no_bucket_count():
    data = read({"c": [*range(300)] * 2, "y": [0, 1] * 300}, "y", columns=IDENTIFIER)
    (source,) = data.sources
    train = source.take(np.arange(200))
    assert fit_columns(train.inputs, source.reading.roles)[0].n_buckets == 256
    assert fit_columns(source.inputs, source.reading.roles)[0].n_buckets == 512


def test_a_changed_type_is_named():
    with pytest.raises(DataError, match="'c' held text when the model was fitted, and holds num"):
        codes(fitted(["a", "7"]), [7])


# ── files ─────────────────────────────────────────────────────────────────────
def test_schemas_are_written_without_values_and_read_back():
    data = read({"c": [f"u{n}" for n in range(400)], "y": [0, 1] * 200}, "y", columns=IDENTIFIER)
    schema = fit_schemas(data)["table"]
    written = json.dumps(schema_to_json(schema))
    assert "u17" not in written
    back = schema_from_json(json.loads(written))
    assert back == schema
    assert back.cardinalities == (513, 513)
    assert back.reading.roles == IDENTIFIER


@pytest.mark.parametrize("n_buckets", [0, -1, (1 << 20) + 1, 10**12, 2.5, "9", True, None])
def test_forged_buckets_are_refused(n_buckets):
    data = read({"c": ["a", "b"] * 4, "y": [0, 1] * 4}, "y", columns=IDENTIFIER)
    written = schema_to_json(fit_schemas(data)["table"])
    written["columns"][0]["n_buckets"] = n_buckets
    with pytest.raises(BundleError, match="n_buckets"):
        schema_from_json(written)
    written = schema_to_json(fit_schemas(data)["table"])
    written["reading"]["buckets"] = {"c": n_buckets}
    with pytest.raises(BundleError, match="buckets"):
        schema_from_json(written)


# ── notes ─────────────────────────────────────────────────────────────────────
MANY = [f"user {number % 10_001}" for number in range(30_003)]


def test_hashing_is_noted_and_can_be_overruled():
    table = {"key": MANY, "y": [0, 1, 0] * 10_001}
    (note,) = read(table, "y").notes[1:]
    assert note == (
        "input key: hashed as identifiers are if more than 10,000 of its 10,001 distinct texts are "
        "in the training rows; --column key:categorical learns the most frequent alone"
    )
    assert read(table, "y", columns={"key": "identifier"}).notes[1:] == ()
    (note,) = read(table, "y", columns={"key": "categorical"}).notes[1:]
    assert note == (
        "input key: 10,001 categories, of which the 10,000 most frequent in the training rows are "
        "learned; --column key:identifier hashes all of them"
    )
