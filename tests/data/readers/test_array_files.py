"""Files of named arrays and of ARFF: what is a column, what is said, what is refused."""

import numpy as np
import polars as pl
import pytest
import scipy.io
import scipy.sparse
import torch

from polytask.data import fit_schemas, open_sources, open_table, read, rows_to_predict, to_polars
from polytask.exceptions import DataError, SourceFileError

ROWS = 12
X = np.arange(ROWS * 3.0).reshape(ROWS, 3)
Y = np.arange(ROWS) % 2
IMAGES = np.arange(ROWS * 16, dtype=np.uint8).reshape(ROWS, 4, 4)


def npz(tmp_path, **arrays):
    np.savez(tmp_path / "d.npz", **arrays)
    return tmp_path / "d.npz"


def mat(tmp_path, **variables):
    scipy.io.savemat(tmp_path / "d.mat", variables)
    return tmp_path / "d.mat"


def test_arrays_of_one_length_are_columns_and_others_are_named(tmp_path):
    path = npz(tmp_path, X=X, y=Y, img=IMAGES, names=np.array(["a", "b", "c"]), version=3)
    table = open_table(path)
    assert table.frame.columns == ["X_0", "X_1", "X_2", "y", "img"]
    assert table.frame["img"].dtype == pl.Array(pl.UInt8, (4, 4))
    assert table.notes == (
        "names: of 3 rows, where the others have 12; left out",
        "version: a single value; left out",
        "X: columns X_0, X_1 … X_2",
    )
    data = read(path, "y", drop="img")
    assert data.sources[0].inputs.columns == ["X_0", "X_1", "X_2"]


@pytest.mark.parametrize(("role", "part"), [("tensor", "tensor:X"), ("sequence", "sequence:X")])
def test_an_array_with_a_role_of_its_own_stays_one_column(tmp_path, role, part):
    path = npz(tmp_path, X=X, y=Y)
    data = read(path, "y", columns={"X": role})
    (schema,) = fit_schemas(data).values()
    assert [own.name for own in schema.parts] == [part]
    rows = rows_to_predict(path, [schema], data.tasks)
    assert schema.encode(data.sources[0])[part].shape[0] == rows.height == ROWS
    tables = open_sources({"a": str(path), "b": str(path)}, columns={"X": role})
    assert tables["b"].frame.columns == ["X", "y"]


def test_arrays_of_parts_are_one_table_with_a_split(tmp_path):
    parts = {"x_train": IMAGES[:8], "y_train": Y[:8], "x_test": IMAGES[8:], "y_test": Y[8:]}
    table = open_table(npz(tmp_path, **parts, about=np.arange(2)))
    assert table.frame.columns == ["x", "y", "split"]
    assert table.frame["split"].to_list() == ["train"] * 8 + ["test"] * 4
    assert table.notes == (
        "train and test arrays are one table, whose column split names the part",
        "about: of no part; left out",
    )
    turned = {name: parts[name] for name in ("x_train", "y_train", "y_test", "x_test")}
    assert open_table(npz(tmp_path, **turned)).frame.equals(table.frame)


def test_halves_and_bytes_of_other_machines_are_numbers(tmp_path):
    table = open_table(npz(tmp_path, a=Y.astype(np.float16), b=Y.astype(">i4"))).frame
    assert table["a"].to_list() == table["b"].to_list() == Y.tolist()


def test_an_array_of_a_npy_file_is_a_table(tmp_path):
    np.save(tmp_path / "a.npy", X)
    assert open_table(tmp_path / "a.npy").frame.columns == ["x0", "x1", "x2"]


def test_objects_which_only_pickle_restores_are_refused(tmp_path):
    path = npz(tmp_path, X=X, y=np.array([{}] * ROWS, dtype=object))
    with pytest.raises(SourceFileError, match=r"array 'y' holds Python objects, .*pickle.*astype"):
        open_table(path)
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object))
    with pytest.raises(SourceFileError, match=r"array 'a' holds Python objects"):
        open_table(tmp_path / "a.npy")


def test_variables_of_matlab_are_columns_also_where_they_lie_across(tmp_path):
    path = mat(
        tmp_path,
        fts=X,
        labels=Y[None],
        sparse=scipy.sparse.csr_matrix(X > 4).astype(float),
        word=np.array([["no", "yes"][y] for y in Y], dtype=object)[:, None],
        pulse=np.array([np.ones(1 + y) for y in range(ROWS)], dtype=object)[:, None],
        about={"made": 1},
        k=7.0,
    )
    table = open_table(path)
    assert table.frame["labels"].to_list() == Y.tolist()
    assert table.frame["sparse_1"].to_list() == (X[:, 1] > 4).astype(float).tolist()
    assert table.frame["word"].to_list()[:2] == ["no", "yes"]
    assert table.frame["pulse"].dtype == pl.List(pl.Float64)
    assert table.notes[:2] == (
        "about: structures or mixed cells; left out",
        "k: of 1 row, where the others have 12; left out",
    )
    assert open_table(mat(tmp_path, fts=X[:1], k=7.0)).frame.columns == [
        *("fts_0", "fts_1", "fts_2", "k")
    ]


def test_matlab_7_3_is_refused_with_the_remedy(tmp_path):
    head = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + b"\x89HDF\r\n\x1a\n"
    (tmp_path / "new.mat").write_bytes(head + bytes(600))
    with pytest.raises(
        SourceFileError, match=r"version 7\.3, which is not read\. Save it .* '-v7'"
    ):
        open_table(tmp_path / "new.mat")


@pytest.mark.parametrize("name", ["d.npz", "d.npy", "d.mat", "d.arff"])
def test_what_is_no_such_file_is_refused_in_one_sentence(tmp_path, name):
    for content in (b"nonsense" * 40, b"PK\x03\x04" + bytes(40)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SourceFileError, match=rf"{name} cannot be read: .*\."):
            open_table(tmp_path / name)


def test_a_file_without_rows_is_refused(tmp_path):
    with pytest.raises(SourceFileError, match=r"no array with a row axis. Got version"):
        open_table(npz(tmp_path, version=3))


def test_attributes_of_arff_are_numbers_and_texts(tmp_path):
    lines = ["@relation r", "@attribute 'a b' numeric", "@attribute c {red,blue}"]
    lines += ["@attribute y {0,1}", "@data", "1.5,red,0", "2,blue,1", "?,?,?"]
    (tmp_path / "d.arff").write_text("\n".join(lines))
    table = open_table(tmp_path / "d.arff").frame
    assert table.to_dict(as_series=False) == {
        "a b": [1.5, 2.0, None],
        "c": ["red", "blue", None],
        "y": [0, 1, None],
    }
    for quote in "'\"":  # in some rows alone
        cells = [f"{quote}{cell}{quote}" for cell in ("light red", "a, b", "<0")]
        lines = ["@relation r", "@attribute x numeric", f"@attribute c {{p,{','.join(cells)}}}"]
        lines += [
            "@data",
            "1,p",
            f"2, {cells[0]}",
            "% a, b",
            f"3,{cells[1]}",
            f"4,{cells[2]}",
            "?,?",
        ]
        (tmp_path / "q.arff").write_text("\n".join(lines))
        table = open_table(tmp_path / "q.arff").frame
        assert table["x"].to_list() == [1.0, 2.0, 3.0, 4.0, None]
        assert table["c"].to_list() == ["p", "light red", "a, b", "<0", None]
    (tmp_path / "s.arff").write_text("@relation r\n@attribute a string\n@data\nx\n")
    with pytest.raises(SourceFileError, match="save others as CSV"):
        open_table(tmp_path / "s.arff")


def test_a_mapping_of_arrays_is_a_table():
    table = to_polars({"x": X, "img": torch.from_numpy(IMAGES), "y": Y})
    assert table["img"].dtype == pl.Array(pl.UInt8, (4, 4))
    with pytest.raises(DataError, match="must have one length"):
        to_polars({"x": X, "y": Y[1:]})
