"""Texts, tokens and sequences as columns: what is learned, what becomes of cells, what is refused."""

import json
from dataclasses import asdict

import numpy as np
import polars as pl
import pytest

from polytask.data import fit_schemas, read
from polytask.data.columns import SequenceColumn, TextColumn, TokensColumn, fit_columns
from polytask.data.encoding._schema_json import schema_from_json, schema_to_json
from polytask.data.readers import as_table
from polytask.exceptions import BundleError, DataError, ParameterError

TABLE = {
    "review": ["Good stuff, good", "bad", "Not good", None, "so so", "not bad at all"],
    "path": [["home", "cart"], ["home"], [], None, ["cart", "pay", "home"], ["pay", None]],
    "pulse": [[1.0, 2.0], [3.0], [], None, [4.0, 5.0, None], [1.0]],
    "track": [[[1, 2], [3, 2]], [[1, 2]], [], None, [[4, 2]], [[0, 2]]],
    "grid": [[1, 2], [3, 4], [1, 1], [2, 2], [0, 0], [5, 5]],
    "x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    "y": [0, 1, 0, 1, 0, 1],
}
FRAME = pl.DataFrame(TABLE)
ROLES = {"review": "text"}


@pytest.fixture(scope="module")
def data():
    return read(FRAME, ["y"], columns=ROLES)


def column(cells, role=None, **how):
    roles = {} if role is None else {"c": role}
    return fit_columns(as_table(pl.DataFrame({"c": cells})), roles, **how)[0]


def codes(encoder, cells):
    return encoder.encode(as_table(pl.DataFrame({"c": cells})))[1].tolist()


def test_parts(data):
    parts = {part.name: part for part in fit_schemas(data)["table"].parts}
    assert {name: (part.role, part.shape, part.cardinalities) for name, part in parts.items()} == {
        "numeric": ("numeric", (1,), ()),
        "text:review": ("text", (4,), (5,)),
        "tokens:path": ("tokens", (3,), (5,)),
        "sequence:pulse": ("sequence", (3, 1), ()),
        "sequence:track": ("sequence", (2, 2), ()),
        "tensor:grid": ("tensor", (2,), ()),
    }


def test_arrays(data):
    arrays = fit_schemas(data)["table"].encode(data.sources[0])
    assert arrays["text:review"].dtype == arrays["tokens:path"].dtype == np.int32
    assert arrays["text:review"].tolist()[:4] == [[3, 1, 1, 3], [2, 0, 0, 0], [4, 3, 0, 0], [0] * 4]
    assert arrays["tokens:path"].tolist()[3:] == [[0, 0, 0], [3, 4, 2], [4, 1, 0]]
    pulse = arrays["sequence:pulse"]
    assert pulse.dtype == np.float32
    steps = ~np.isnan(pulse[:, :, 0])
    assert steps.sum(axis=1).tolist() == [2, 1, 0, 0, 3, 1]
    assert pulse[4, 2, 0] == 0.0  # a missing number within a sequence is the mean
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 1.0])
    present = np.concatenate([pulse[:4][steps[:4]], pulse[4, :2], pulse[5, :1]])[:, 0]
    np.testing.assert_allclose(present, (values - values.mean()) / values.std(), rtol=1e-6)


def test_constant_channels_are_zero(data):
    track = fit_schemas(data)["table"].encode(data.sources[0])["sequence:track"]
    assert np.isnan(track[:, :, 1]).tolist() == np.isnan(track[:, :, 0]).tolist()
    assert set(track[:, :, 1][~np.isnan(track[:, :, 1])]) == {0.0}
    encoder = column(TABLE["track"][:2])
    assert codes(encoder, [[[1, 7]]])[0][0][1] == 0.0


def test_schemas_come_back(data):
    schema = fit_schemas(data)["table"]
    assert schema_from_json(json.loads(json.dumps(schema_to_json(schema)))) == schema
    steps = read(FRAME, ["y"], columns={"review": "text=2"})
    schema = fit_schemas(steps)["table"]
    assert schema.reading.lengths == {"review": 2}
    assert schema_from_json(json.loads(json.dumps(schema_to_json(schema)))) == schema
    assert "lengths" not in schema_to_json(fit_schemas(data)["table"])["reading"]


# ── what is learned ───────────────────────────────────────────────────────────
def test_words_of_one_row_are_unknown_and_tokens_are_not():
    assert column(["a b", "a c", "a b b"], "text").vocabulary == ("a", "b")
    assert column([["b", "a"], ["c", "a"], ["a"]]).vocabulary == ("a", "b", "c")


def test_the_vocabulary_of_training_rows_alone(data):
    source = data.sources[0]
    schema = fit_schemas(data.take({"table": np.arange(4)}))["table"]
    other = source.inputs.with_columns(review=pl.lit("z z z"), path=pl.lit(["z"]))
    changed = pl.concat([source.inputs[:4], other[4:]])
    again = fit_schemas(
        read(changed.with_columns(y=FRAME["y"]), ["y"], columns=ROLES).take({"table": np.arange(4)})
    )["table"]
    assert schema.columns == again.columns


def test_only_the_first_steps_count():
    encoder = column(["a b c", "a b c"], "text", lengths={"c": 2})
    assert (encoder.vocabulary, encoder.steps) == (("a", "b"), 2)
    assert codes(encoder, ["b a a a"]) == [[3, 2]]
    encoder = column([[1.0, 3.0, 99.0], [3.0]], "sequence", lengths={"c": 2})
    assert encoder.steps == 2
    assert encoder.channels[0][0] == pytest.approx(7 / 3)
    many = ["w " * 1000, "w w"]
    assert column(many, "text").steps == 256
    assert column([text.split() for text in many]).steps == 512


@pytest.mark.parametrize("cells", [["", " "], ["NA", "na"], [None, "!?"]])
def test_a_vocabulary_of_few_or_no_words(cells):
    encoder = column(cells, "text")
    assert encoder.vocabulary == ()
    assert encoder.n_codes == 2
    assert set(np.ravel(codes(encoder, cells))) <= {0, 1}


def test_chunks_of_rows_give_one_result(monkeypatch):
    cells = [" ".join("abcde"[: row % 6]) for row in range(20)]
    whole = column(cells, "text")
    wanted = codes(whole, cells)
    monkeypatch.setattr("polytask.data.columns._step_codes._CHUNK", 7)
    assert column(cells, "text") == whole
    assert codes(whole, cells) == wanted


# ── new rows ──────────────────────────────────────────────────────────────────
def test_lists_of_one_length_in_new_tables(data):
    schema = fit_schemas(data)["table"]
    by_name = {column.name: column for column in schema.columns}
    for cells in ([["home"]], [["home"], ["home"]], [["home", "pay"]], [[]], [None]):
        table = pl.DataFrame({"path": cells})
        assert by_name["path"].encode(as_table(table))[1].shape == (len(cells), 3)
    for cells in ([[2.0]], [[2.0, 3.0]], [[2.0], [None]], [[]], [None], [2]):
        array = by_name["pulse"].encode(as_table(pl.DataFrame({"pulse": cells})))[1]
        assert array.shape == (len(cells), 3, 1)
    one = by_name["pulse"].encode(as_table(pl.DataFrame({"pulse": [[2.0]]})))[1]
    several = by_name["pulse"].encode(pl.DataFrame({"pulse": [[2.0], [2.0, 3.0]]}))[1]
    np.testing.assert_array_equal(one[0], several[0])


@pytest.mark.parametrize(
    ("name", "cells", "sentence"),
    [
        ("pulse", ["a", "b"], "held number lists when the model was fitted, and holds text now"),
        ("path", [1, 2], "held token lists when the model was fitted, and holds numbers now"),
        ("review", [1.5, 2.5], "held text when the model was fitted, and holds numbers now"),
        ("pulse", [[1.0, float("inf")], [2.0]], "an infinite value (first in row 0, step 1)"),
        ("track", [[[1, 2, 3]], [[1, 2, 3], [1, 2, 3]]], "held 2 numbers per step"),
    ],
)
def test_changed_columns(data, name, cells, sentence):
    columns = {column.name: column for column in fit_schemas(data)["table"].columns}
    with pytest.raises(DataError) as caught:
        columns[name].encode(as_table(pl.DataFrame({name: cells})))
    assert sentence in str(caught.value)


# ── refusals ──────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        ("text=x", "The steps of role text must be a whole number from 1 to 4,096, as in text=512"),
        ("tokens=0", "The steps of role tokens must be a whole number from 1"),
        ("sequence=5000", "The steps of role sequence must be a whole number from 1"),
        ("texts", "Did you mean 'text'"),
    ],
)
def test_roles_that_are_none(role, sentence):
    with pytest.raises(ParameterError) as caught:
        read(FRAME, ["y"], columns={"review": role})
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("x", "tokens"),
        ("x", "text"),
        ("x", "sequence"),
        ("review", "sequence"),
        ("pulse", "tokens"),
        ("path", "text"),
        ("path", "categorical"),
        ("pulse", "numeric"),
    ],
)
def test_columns_that_cannot_be_what_was_declared(name, role):
    with pytest.raises(DataError, match=rf"Column '{name}' was declared to be .*holds values of"):
        read(FRAME, ["y"], columns={name: role})


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ([[], []], "holds empty lists alone"),
        (
            [[[1, 2], [3]], [[1, 2]]],
            "steps have different lengths (2 in row 0, step 0; 1 in row 0,",
        ),
        ([[1.0, float("inf")], [2.0]], "an infinite value (first in row 0, step 1)"),
        ([[[["a"]]], [[["b"]], [["c"]]]], "lists of lists that are no steps of numbers"),
    ],
)
def test_lists_that_cannot_be_inputs(cells, sentence):
    with pytest.raises(DataError) as caught:
        read(pl.DataFrame({"c": cells, "x": [1.0, 2.0], "y": [0, 1]}), ["y"])
    assert "'c'" in str(caught.value)
    assert sentence in str(caught.value)


def test_lists_are_no_targets():
    for name in ("path", "pulse", "track"):
        with pytest.raises(DataError, match=rf"Task '{name}': column '{name}' has the type List"):
            read(FRAME, [name])


FORGED = [
    ("text", {"vocabulary": ["a", "a"]}, "distinct texts"),
    ("text", {"steps": 0}, "steps"),
    ("text", {"steps": 5000}, "steps"),
    ("tokens", {"holds": "numbers"}, "holds"),
    ("sequence", {"channels": []}, "channels"),
    ("sequence", {"channels": [[0.0, -1.0]]}, "channels"),
    ("sequence", {"channels": [[0.0]]}, "channels"),
    ("sequence", {"channels": [[0.0, 1.0]] * 1025}, "channels"),
]


@pytest.mark.parametrize(("encoder", "change", "sentence"), FORGED)
def test_forged_columns(data, encoder, change, sentence):
    written = json.loads(json.dumps(schema_to_json(fit_schemas(data)["table"])))
    forged = next(column for column in written["columns"] if column["encoder"] == encoder)
    forged |= change
    with pytest.raises(BundleError, match=sentence):
        schema_from_json(written)


def test_forged_lengths(data):
    written = schema_to_json(fit_schemas(data)["table"])
    written["reading"]["lengths"] = {"review": 10**9}
    with pytest.raises(BundleError, match="1 to 4,096 steps"):
        schema_from_json(json.loads(json.dumps(written)))


# ── digests ───────────────────────────────────────────────────────────────────
def test_digests_tell_lists_apart(data):
    assert data.digest() == read(FRAME, ["y"], columns=ROLES).digest()
    changes = {
        "review": ["Good", *TABLE["review"][1:]],
        "path": [["home"], ["cart", "home"], *TABLE["path"][2:]],
        "pulse": [[1.0], [2.0, 3.0], *TABLE["pulse"][2:]],
        "track": [[[1, 2]], [[3, 2], [1, 2]], *TABLE["track"][2:]],
    }
    digests = {
        read(FRAME.with_columns(pl.Series(name, cells)), ["y"], columns=ROLES).digest()
        for name, cells in changes.items()
    }
    others = {read(FRAME, ["y"], columns=roles).digest() for roles in ({}, {"review": "text=3"})}
    assert len({data.digest(), *digests, *others}) == 7


@pytest.mark.parametrize("encoder", [TextColumn, TokensColumn, SequenceColumn])
def test_columns_are_plain_data(data, encoder):
    fitted = next(c for c in fit_schemas(data)["table"].columns if isinstance(c, encoder))
    assert encoder(**asdict(fitted)) == fitted


# ── molecules ─────────────────────────────────────────────────────────────────
MOLECULES = ["CCO", "c1ccccc1", "CC(=O)O", None, "", "NA", "N"]


def pieces(text, n_features):
    """Counts of the hashes of a text's pieces, by hand."""
    counts = np.zeros(n_features)
    for size in range(1, 5):
        for start in range(len(text) - size + 1):
            code = size
            for character in text[start : start + size]:
                code = code << 8 | ord(character)
            counts[(code * 0x9E3779B97F4A7C15 % 2**64 >> 32) % n_features] += 1
    return np.log1p(counts)


def test_molecules_are_counts_of_their_pieces(monkeypatch):
    encoder = column(MOLECULES, "smiles")
    counts = encoder.encode(pl.DataFrame({"c": MOLECULES}))[1]
    wanted = [pieces("" if text in {None, "NA"} else text, 1024) for text in MOLECULES]
    np.testing.assert_allclose(counts, wanted, rtol=1e-6)
    monkeypatch.setattr("polytask.data.columns._smiles_column._CHUNK", 2048)
    np.testing.assert_array_equal(encoder.encode(pl.DataFrame({"c": MOLECULES}))[1], counts)
    assert encoder.encode(pl.DataFrame({"c": []}))[1].shape == (0, 1024)


def test_molecules_as_a_role():
    table = {"c": MOLECULES, "y": [0, 1, 0, 1, 0, 1, 0]}
    schema = fit_schemas(read(table, ["y"], columns={"c": "smiles"}))["table"]
    (part,) = schema.parts
    assert (part.name, part.role, part.shape) == ("smiles:c", "smiles", (1024,))
    assert schema_from_json(json.loads(json.dumps(schema_to_json(schema)))) == schema
    with pytest.raises(DataError, match="Column 'c' was declared to be smiles, but holds values"):
        read({**table, "c": range(7)}, ["y"], columns={"c": "smiles"})


def test_as_many_steps_are_read_of_new_rows_as_were_declared():
    text = column(["a b", "a"], "text", lengths={"c": 4})
    assert codes(text, ["a b a b a b"]) == [[2, 1, 2, 1]]
    tokens = column([["a", "b"], ["a"]], "tokens", lengths={"c": 3})
    assert codes(tokens, [["b", "b", "b", "b"]]) == [[3, 3, 3]]
    numbers = column([[1.0, 3.0], [2.0]], "sequence", lengths={"c": 3})
    assert np.isfinite(numbers.encode(pl.DataFrame({"c": [[1.0] * 5]}))[1]).sum() == 3
    assert column([["a", "b"], ["a"]], "tokens").steps == 2
