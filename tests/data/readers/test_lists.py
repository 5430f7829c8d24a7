"""Lists and free text in files and frames: what they are taken for, what is said, what is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

from polytask.data import MultiTaskDataset, fit_schemas, open_table, read
from polytask.data.readers._object_arrays import array_cells
from polytask.exceptions import DataError, SourceFileError

ROWS = 24
TOKENS = [["a", "b"][: row % 3] if row else ["b", "a", "c"] for row in range(ROWS)]
PULSES = [[float(step) for step in range(row % 4)] for row in range(ROWS)]
TRACKS = [[[1.0, float(row)], [2.0, 0.0]][: 1 + row % 2] for row in range(ROWS)]
X = [row / 7 for row in range(ROWS)]
Y = [row % 2 for row in range(ROWS)]
TABLE = {"path": TOKENS, "pulse": PULSES, "track": TRACKS, "x": X, "y": Y}
WORDS = [
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "warm",
    "mat",
    "while",
    "it",
    "rained",
    "outside",
    "all",
    "day",
    "long",
]
REVIEWS = [" ".join([*WORDS[row % 5 : row % 5 + 5], f"number{row}"]) for row in range(ROWS)]


def tables(tmp_path):
    frame = pl.DataFrame(TABLE)
    yield frame
    frame.write_parquet(tmp_path / "t.parquet")
    yield tmp_path / "t.parquet"
    frame.write_ndjson(tmp_path / "t.ndjson")
    yield tmp_path / "t.ndjson"
    yield TABLE
    yield pd.DataFrame({name: pd.Series(cells) for name, cells in TABLE.items()})
    yield pa.table(TABLE)
    arrays = {
        "path": [np.array(cells, dtype=object) for cells in TOKENS],
        "pulse": [torch.tensor(cells) for cells in PULSES],
        "track": [np.array(cells) for cells in TRACKS],
    }
    yield {**TABLE, **arrays}
    yield {**TABLE, "path": [tuple(cells) for cells in TOKENS]}


def test_lists_are_one_column_whatever_holds_them(tmp_path):
    encoded = []
    for table in tables(tmp_path):
        data = read(table, ["y"])
        arrays = fit_schemas(data)["table"].encode(data.sources[0])
        assert list(arrays) == ["tokens:path", "sequence:pulse", "sequence:track", "numeric"]
        encoded.append(arrays)
    for arrays in encoded[1:]:
        for part, array in arrays.items():
            np.testing.assert_array_equal(array, encoded[0][part])


def test_what_is_said_of_lists():
    notes = read(pl.DataFrame(TABLE), ["y"]).notes
    path = (
        "input path: lists of text, learned as tokens, up to 3 per row; --drop path leaves them out"
    )
    assert f"{path}; 7 rows without a token, as if missing" in notes
    pulse = (
        "input pulse: lists of numbers, learned as sequences of up to 3 steps; --drop pulse leaves"
    )
    assert any(note.startswith(pulse) for note in notes)
    declared = {"path": "tokens", "pulse": "sequence", "track": "sequence=1"}
    notes = read(pl.DataFrame(TABLE), ["y"], columns=declared).notes
    assert "input path: 7 rows without a token, as if missing" in notes
    assert (
        "input track: of 12 rows only the first step of up to 2 steps is read; "
        "--column track:sequence=2 reads all"
    ) in notes


def test_arrays_of_several_lengths_are_sequences():
    for rows in (
        [np.ones(2), np.ones(3), np.zeros(1)],
        [torch.ones(2), torch.ones(3), torch.zeros(1)],
    ):
        data = MultiTaskDataset.from_arrays(rows, [0, 1, 0])
        assert data.sources[0].inputs.columns == ["x"]
        assert fit_schemas(data)["table"].parts[0].shape == (3, 1)
    rows = [np.ones((2, 4)), np.ones((3, 4)), np.zeros((1, 4))]
    data = MultiTaskDataset.from_arrays(rows, [0, 1, 0], names=["walk"])
    assert fit_schemas(data)["table"].parts[0].name == "sequence:walk"
    with pytest.raises(
        DataError, match=r"different lengths \(\(2, 4\) in row 0, \(2, 3\) in row 1"
    ):
        MultiTaskDataset.from_arrays([np.ones((2, 4)), np.ones((2, 3))], [0, 1])


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ([["a", 1], ["b"]], "holds lists of text, and 1 in that of row 0"),
        ([[1, "a"], [2]], "holds lists such as [1, 'a'], which are not tables of numbers"),
        ([[1, 2], ["a"]], "holds lists such as ['a'], which are not tables of numbers"),
        ([[], []], "holds empty lists alone"),
        ([[[1, 2], [3]], [[1]]], "steps have different lengths (2 in row 0, step 0; 1 in row 0"),
        ([[1.0, np.inf], [2.0]], "an infinite value (first in row 0, step 1)"),
        ([[{"a": 1}], [{"b": 1}, {"c": 2}]], "holds lists of lists that are no steps of numbers"),
    ],
)
def test_lists_that_are_refused(cells, sentence):
    for table in ({"c": cells}, pd.DataFrame({"c": pd.Series(cells)})):
        with pytest.raises(DataError) as caught:
            read({**table, "x": [1.0, 2.0], "y": [0, 1]}, ["y"])
        assert "'c'" in str(caught.value)
        assert sentence in str(caught.value)


@pytest.mark.parametrize("whole", [2**53 + 1, -(2**53) - 1, 2**63 - 1, 2**64 - 1])
def test_whole_numbers_in_lists_keep_their_digits(whole):
    cells = [[whole, whole], None, [], (whole,)]
    expected = [[whole, whole], None, [], [whole]]
    assert array_cells("c", cells).to_list() == expected
    arrays = [None if cell is None else np.array(cell, dtype=type_of(whole)) for cell in cells]
    assert array_cells("c", arrays).to_list() == expected


def type_of(whole):
    return np.uint64 if whole >= 2**63 else np.int64


def test_whole_numbers_in_lists_beyond_64_bits_are_floats():
    assert array_cells("c", [[2**70, 1], [-1]]).to_list() == [[2.0**70, 1.0], [-1.0]]


def test_cells_without_any_list_are_nothing():
    assert array_cells("c", [None, None]).dtype == pl.Null


# ── free text ─────────────────────────────────────────────────────────────────
def roles(cells, **how):
    return read({"c": cells, "x": X[: len(cells)], "y": Y[: len(cells)]}, ["y"], **how)


def test_free_text_is_read_word_by_word():
    data = roles(REVIEWS)
    assert data.sources[0].reading.roles == {"c": "text"}
    assert fit_schemas(data)["table"].parts[1].role == "text"
    (note,) = data.notes[1:]
    assert note == (
        "input c: text of 6 words in the middle row, learned word by word; --column c:categorical "
        "learns it as categories, --drop c leaves it out"
    )
    assert data.summary()["sources"][0]["columns"] == {"free text": 1, "numbers": 1}


@pytest.mark.parametrize(
    "cells",
    [
        REVIEWS[:19],
        [text.rsplit(" ", 1)[0] for text in REVIEWS],  # five distinct ones
        [f"word{row} two three" for row in range(ROWS)],
        [f"CC(=O)Oc1ccccc1C(=O)NCC{row}CCO" for row in range(ROWS)],
        [f"/home/user/data/of/some/file{row}" for row in range(ROWS)],
        [f"March {row + 1}, 2020, at 10 o'clock" for row in range(ROWS)],
    ],
)
def test_what_is_no_free_text(cells):
    assert roles(cells).sources[0].reading.roles.get("c") != "text"


@pytest.mark.parametrize("role", ["categorical", "identifier", "tokens", "text"])
def test_declared_roles_overrule(role):
    data = roles(REVIEWS, columns={"c": role})
    assert data.sources[0].reading.roles == {"c": role}
    assert not any("word by word" in note for note in data.notes)


def test_texts_of_files(tmp_path):
    path = tmp_path / "t.csv"
    cells = [
        *REVIEWS[:-3],
        "NA",
        "",
        '"Well", she said, "no',
    ]
    pl.DataFrame({"c": cells, "x": X, "y": Y}).write_csv(path)
    data = read(path, ["y"])
    assert data.sources[0].reading.roles == {"c": "text"}
    codes = fit_schemas(data)["table"].encode(data.sources[0])["text:c"]
    assert (codes > 0).sum(axis=1).tolist() == [6] * 21 + [0, 0, 9]


def test_a_column_of_numbers_declared_to_be_text_or_tokens(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("c,y\n1 2,0\n3,1\n2 2 007,0\n")
    for role, words in (("text", ("2",)), ("tokens", ("2", "007", "1", "3"))):
        data = read(path, ["y"], columns={"c": role})
        assert fit_schemas(data)["table"].columns[0].vocabulary == words
    with pytest.raises(DataError, match="Column 'c' was declared to be a sequence, but holds"):
        read(path, ["y"], columns={"c": "sequence"})


def test_long_and_empty_texts():
    long = " ".join(["so"] * 5000)
    data = roles([long, "", " ", "so long and so good", *REVIEWS[4:]])
    assert (
        "; 2 rows without a word, as if missing; of 1 row only the first 256 of up to 5,000 words "
        "are read; --column c:text=4096 reads more"
    ) in data.notes[1]
    assert fit_schemas(data)["table"].columns[0].steps == 256


def test_lists_of_one_length_keep_all_digits_of_large_whole_numbers():
    large = [2**60 + 1, 2**60 + 3]
    for lists in ([large, large], [np.array(large)] * 2, [np.array([large] * 2)] * 2):
        series = array_cells("l", lists)
        assert series.to_list()[0] == np.asarray(lists[0]).tolist()
    assert array_cells("l", [large, None]).to_list() == [large, None]
    assert array_cells("l", [[2**63, 1]]).to_list() == [[2**63, 1]]
    assert array_cells("l", [[10**30, 1]]).dtype == pl.Array(pl.Float64, 2)


def test_texts_without_blanks_between_words_are_free_text():
    texts = [f"这部电影非常好看{chr(0x4E00 + row)}" for row in range(ROWS)]
    data = read({"review": texts, "y": Y}, "y")
    assert data.sources[0].reading.roles == {"review": "text"}
    (column,) = fit_schemas(data)["table"].columns
    assert column.vocabulary[:2] == ("好", "常")


def test_sentences_declared_to_be_molecules_are_noted():
    data = read({"x": REVIEWS, "y": Y}, "y", columns={"x": "smiles"})
    assert "declared to be SMILES, but most of its texts hold blanks" in data.notes[-1]
    assert "--column x:text" in data.notes[-1]
    molecules = ["CCO ethanol", "c1ccccc1", "CC(=O)[O-].[Na+]", "C/C=C\\C"] * 6
    assert len(read({"x": molecules, "y": Y}, "y", columns={"x": "smiles"}).notes) == 1


def test_tags_as_texts_are_suggested_to_be_tokens():
    tags = [" ".join(["O", "B-x"] * (1 + row)) for row in range(ROWS)]
    with pytest.raises(
        DataError, match=r"are no classes\. .* or write tags:tokens for a tag for each"
    ):
        read({"words": tags, "tags": tags}, "tags")
    with pytest.raises(DataError, match=r"are no classes\. Choose another target\."):
        read({"x": X, "y": REVIEWS}, "y")


def test_text_with_half_a_character_is_refused_with_its_row():
    with pytest.raises(DataError, match=r"'c' holds text with half a character \(.* in row 1\)"):
        read({"c": ["a", "b \ud800", *"cd" * 11], "y": Y}, "y")


def test_not_a_number_in_json_is_refused_with_the_remedy(tmp_path):
    (tmp_path / "t.ndjson").write_text('{"x": NaN}\n{"x": 1.5}\n')
    with pytest.raises(SourceFileError, match=r"cannot be read: .* no NaN and no Infinity: write"):
        open_table(tmp_path / "t.ndjson")
