"""Data sets of torch, Hugging Face and scikit-learn as tables."""

import json
from collections import namedtuple

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image
from sklearn import datasets
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset

from polytask import MultiTaskDataset, read
from polytask.data import open_table, to_polars
from polytask.data.readers._frames import table_and_notes
from polytask.data.readers._hugging_face import with_features
from polytask.exceptions import DataError, ParameterError, SourceFileError

ROWS = 12
X = torch.arange(ROWS * 3.0).reshape(ROWS, 3)
Y = torch.arange(ROWS) % 2


class Items(Dataset):
    def __init__(self, item, rows=ROWS):
        self.item, self.rows = item, rows

    def __len__(self):
        return self.rows

    def __getitem__(self, index):
        return self.item(index)


class Endless(IterableDataset):
    def __iter__(self):
        yield from iter(int, 1)


# ── torch ─────────────────────────────────────────────────────────────────────
def columns_of(dataset, **arguments):
    data = read(dataset, **arguments)
    return dict(data.sources[0].inputs.schema), data.tasks.names


def test_items_are_rows_and_y_is_the_target():
    numbers = dict.fromkeys(["x0", "x1", "x2"], pl.Float32)
    assert columns_of(TensorDataset(X, Y)) == (numbers, ("y",))
    assert columns_of(Subset(TensorDataset(X, X[:, :2]), range(4))) == (numbers, ("y0", "y1"))
    assert read(TensorDataset(X, Y)).tasks["y"].kind.name == "binary"
    assert MultiTaskDataset.from_dataset(TensorDataset(X, Y), "y").n_rows == ROWS


def test_images_sequences_texts_and_parts_of_items_are_columns():
    images = TensorDataset(torch.zeros(ROWS, 1, 4, 5, dtype=torch.uint8), Y)
    assert columns_of(images)[0] == {"x": pl.Array(pl.UInt8, (1, 4, 5))}
    drawn = Items(lambda row: (Image.new("RGB", (5, 4), row), row % 2))
    assert columns_of(drawn)[0] == {"x": pl.Array(pl.UInt8, (3, 4, 5))}
    ragged = Items(lambda row: (torch.ones(1 + row % 3, 2), row % 2))
    assert columns_of(ragged)[0] == {"x": pl.List(pl.Array(pl.Float64, 2))}
    parts = Items(lambda row: ({"age": row, "said": f"word {row}"}, {"a": row % 2, "b": row / 7}))
    assert columns_of(parts) == ({"age": pl.Int64, "said": pl.String}, ("a", "b"))
    pair = Items(lambda row: ((torch.zeros(1, 2, 2), torch.zeros(1, 3, 3)), (row % 2, row % 3)))
    assert columns_of(pair) == (
        {"x0": pl.Array(pl.Float32, (1, 2, 2)), "x1": pl.Array(pl.Float32, (1, 3, 3))},
        ("y0", "y1"),
    )
    whole = columns_of(TensorDataset(X, Y), columns={"x": "tensor"})
    assert whole[0] == {"x": pl.Array(pl.Float32, 3)}


def test_every_item_is_read_once():
    seen = []
    read(Items(lambda row: (seen.append(row) or float(row), row % 2)))
    assert seen == list(range(ROWS))


def test_items_of_several_values_are_named():
    triple = TensorDataset(X, Y, X[:, 0])
    with pytest.raises(
        DataError, match=r"Got 3 values in item 0 and 2 names; name them all, as in"
    ):
        read(triple)
    data = MultiTaskDataset.from_dataset(triple, ["c", "r"], names=["x", "c", "r"])
    assert data.tasks.names == ("c", "r")
    point = namedtuple("Point", ["x", "where"])  # noqa: PYI024 - as users write them
    assert (
        MultiTaskDataset.from_dataset([point(row, row % 2) for row in range(4)], "where").n_rows
        == 4
    )
    assert read(Items(lambda row: {"x": row, "y": row % 2}), "y").n_rows == ROWS


@pytest.mark.parametrize(
    ("dataset", "sentence"),
    [
        (DataLoader(TensorDataset(X, Y)), "A loader gives batches, not rows"),
        (Endless(), r"must say how many items it has .*list\(dataset\)"),
        (Items(None, 0), "has no items"),
        (Items(lambda row: (1, 2 // (row - 3))), "Item 3 of 12 items .*ZeroDivisionError"),
        (Items(lambda row: {"a": 1} if row else {"b": 1}), "Item 0 holds b; item 1 holds a"),
        (Items(lambda row: ({"a": 1} if row else {"b": 1}, 1)), "'b' is not in that of item 1"),
        (Items(lambda row: (torch.zeros(1, 2, 2 + row), row % 2)), "different lengths"),
    ],
)
def test_bad_data_sets_are_refused_in_words(dataset, sentence):
    with pytest.raises((DataError, ParameterError), match=sentence):
        read(dataset)


def test_a_data_set_that_names_no_target_needs_one():
    items = Items(lambda row: {"x": row, "y": row % 2})
    with pytest.raises(ParameterError, match=r"does not say which columns are targets.* of x, y"):
        MultiTaskDataset.from_dataset(items)
    with pytest.raises(ParameterError, match="either `tasks` or `target`"):
        read(items)


# ── scikit-learn ──────────────────────────────────────────────────────────────
@pytest.mark.parametrize("as_frame", [False, True])
def test_bunches_say_their_inputs_targets_and_classes(as_frame):
    iris = read(datasets.load_iris(as_frame=as_frame))
    assert iris.sources[0].inputs.columns[0] == "sepal length (cm)"
    assert iris.notes[0] == "target: classes by their target_names (setosa, versicolor, virginica)"
    several = read(datasets.load_linnerud(as_frame=as_frame))
    assert several.tasks.names == ("Weight", "Waist", "Pulse")
    digits = read(datasets.load_digits(as_frame=as_frame), "target:multiclass")
    assert digits.sources[0].inputs.width == 64


def test_a_bunch_of_texts_is_a_column_of_text():
    from sklearn.utils import Bunch

    texts = Bunch(data=["good"] * 4, target=np.array([0, 1] * 2), target_names=["alt", "sci"])
    assert to_polars(texts).to_dict(as_series=False) == {
        "text": ["good"] * 4,
        "target": ["alt", "sci"] * 2,
    }
    with pytest.raises(DataError, match=r"must have one length\. Got 4 and 3"):
        to_polars(Bunch(data=["good"] * 4, target=np.arange(3)))


# ── Hugging Face ──────────────────────────────────────────────────────────────
FEATURES = {
    "label": {"names": ["neg", "pos"], "_type": "ClassLabel"},
    "tags": {"feature": {"names": ["O", "B"], "_type": "ClassLabel"}, "_type": "List"},
    "text": {"dtype": "string", "_type": "Value"},
    "picture": {"_type": "Image"},
}


def saved(folder, rows=4, **changes):
    folder.mkdir(parents=True)
    frame = pl.DataFrame(
        {
            "label": [row % 2 for row in range(rows - 1)] + [-1],
            "tags": [[0, 1][: 1 + row % 2] for row in range(rows)],
            "text": ["so so"] * rows,
            "picture": [{"bytes": b"\x89PNG", "path": None}] * rows,
        }
    )
    for part in range(2):
        frame[part * rows // 2 : (part + 1) * rows // 2].write_ipc_stream(folder / f"{part}.arrow")
    files = [{"filename": f"{part}.arrow"} for part in range(2)]
    (folder / "state.json").write_text(json.dumps({"_data_files": files} | changes))
    (folder / "dataset_info.json").write_text(json.dumps({"features": FEATURES}))
    return folder


def test_a_saved_folder_is_a_table_with_names_of_classes(tmp_path):
    table = open_table(saved(tmp_path / "one")).frame
    assert table["label"].to_list() == ["neg", "pos", "neg", None]
    assert table["tags"].to_list() == [["O"], ["O", "B"]] * 2
    assert table["picture"].to_list() == [b"\x89PNG"] * 4
    assert read(tmp_path / "one", "tags:tokens", drop=["picture", "label"]).n_rows == 4
    assert open_table(tmp_path / "one" / "0.arrow").frame["label"].to_list() == [0, 1]


def test_files_with_a_path_alone_among_others_with_bytes_are_counted(tmp_path):
    cells = [{"bytes": b"\x89PNG", "path": "a.png"}] * 3 + [{"bytes": None, "path": "b.png"}]
    frame = pl.DataFrame({"picture": cells, "y": [0, 1, 0, 1]})
    said = "picture: 1 cell has a path but no bytes, which the others have, and counts as missing"
    frame.write_parquet(tmp_path / "t.parquet")
    stored = open_table(tmp_path / "t.parquet").notes
    for notes in (table_and_notes(frame)[1], stored, with_features(frame, FEATURES).notes):
        assert [note.split(";")[0] for note in notes] == [said]
    paths = frame.with_columns(pl.col("picture").struct.with_fields(bytes=pl.lit(None)))
    assert table_and_notes(frame.head(3))[1] == table_and_notes(paths)[1] == ()


def test_splits_are_one_table_with_a_column_that_names_them(tmp_path):
    for part in ("train", "test", "unsupervised"):
        saved(tmp_path / "several" / part)
    (tmp_path / "several" / "dataset_dict.json").write_text(
        json.dumps({"splits": ["train", "test", "unsupervised"]})
    )
    table = open_table(tmp_path / "several")
    assert table.frame["split"].to_list() == ["train"] * 4 + ["test"] * 4
    assert table.notes == (
        "train and test are one table, whose column split names the part",
        "unsupervised: neither train, validation nor test; left out",
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"_data_files": []}, "names no files of data"),
        ({"_data_files": [{"filename": "../0.arrow"}]}, "names no files of data"),
        ({"_data_files": [{"filename": ".."}]}, "names no files of data"),
        ({"_data_files": [{"filename": "9.arrow"}]}, "cannot be read"),
    ],
)
def test_damaged_folders_are_refused(tmp_path, changes, sentence):
    with pytest.raises(SourceFileError, match=sentence):
        open_table(saved(tmp_path / "one", **changes))
    (tmp_path / "one" / "state.json").write_text("[")
    with pytest.raises(SourceFileError, match=r"state.json cannot be read"):
        open_table(tmp_path / "one")


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(SourceFileError, match=r"is a folder\. Name a file .* save_to_disk"):
        open_table(tmp_path)


class Table:
    """As Hugging Face's tables behave."""

    column_names = ("label", "text")

    def __init__(self, frame):
        self.frame = frame
        self.features = self

    def to_dict(self):
        return FEATURES

    def __len__(self):
        return len(self.frame)

    def with_format(self, name):
        return self.frame.to_arrow() if name == "arrow" else None


def test_tables_in_memory_are_read_as_those_on_disk():
    table = Table(pl.DataFrame({"label": [1, 0], "text": ["a", "b"]}))
    assert to_polars(table)["label"].to_list() == ["pos", "neg"]
    assert open_table({"train": table, "test": table}).frame["split"].to_list() == [
        *("train", "train", "test", "test")
    ]
