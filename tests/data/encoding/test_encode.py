"""Data sets as arrays: schemas, blocks, encoded rows, and rows to predict."""

import json
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pytest

from polytask.data import (
    MultiTaskDataset,
    Schema,
    SourceBatch,
    as_source,
    encode,
    fit_schemas,
    make_blocks,
    read,
    schema_from_json,
    schema_to_json,
)
from polytask.data.cells._reading import Reading
from polytask.exceptions import BundleError, DataError
from polytask.tasks import Binary, Regression, Task, TaskSet

TABLE = {
    "age": [1.0, None, 3.0, 5.0],
    "city": ["a", "b", None, "a"],
    "member": [True, False, True, True],
    "photo": pl.Series(np.arange(8, dtype=np.float32).reshape(4, 2)),
    "rich": ["no", "yes", None, "yes"],
    "poor": [1, 0, 0, 1],
    "score": [1.0, 2.0, 3.5, None],
    "one": [0, 1, None, 1],
    "two": [None, 0, None, 1],
}
TASKS = [
    Task("rich", "binary"),
    Task("score", "regression"),
    Task("poor", "binary"),
    Task("tags", "multilabel", ("one", "two")),
]


@pytest.fixture
def data():
    return MultiTaskDataset.from_table(TABLE, TASKS, weight=[1, 2, 3, 4])


def encoded(dataset, schemas=None):
    schemas = fit_schemas(dataset) if schemas is None else schemas
    blocks = make_blocks(dataset.tasks, schemas)
    return encode(dataset.sources, dataset.tasks, schemas, blocks), blocks


def test_inputs_are_gathered_in_parts(data):
    schema = fit_schemas(data)["table"]
    inputs = schema.encode(data.sources[0])
    assert {name: (array.shape, array.dtype.name) for name, array in inputs.items()} == {
        "numeric": ((4, 3), "float32"),
        "categorical": ((4, 1), "int32"),
        "tensor:photo": ((4, 2), "float32"),
    }
    assert schema.n_numeric == 3
    assert schema.cardinalities == (4,)
    assert schema.tensors == {"tensor:photo": (2,)}
    np.testing.assert_array_equal(inputs["categorical"][:, 0], [1, 2, 3, 1])
    np.testing.assert_array_equal(inputs["numeric"][:, 1], [0, 1, 0, 0])


def test_targets_are_gathered_in_blocks(data):
    sources, blocks = encoded(data)
    assert [block.tasks for block in blocks] == [("rich", "poor"), ("score",), ("tags",)]
    targets = sources["table"].targets
    binary, regression, multilabel = (targets[block.name] for block in blocks)
    np.testing.assert_array_equal(binary.values[..., 0], [[0, 1], [1, 0], [0, 0], [1, 1]])
    np.testing.assert_array_equal(binary.mask[..., 0], [[1, 1], [1, 1], [0, 1], [1, 1]])
    np.testing.assert_array_equal(multilabel.values[:, 0], [[0, 0], [1, 0], [0, 0], [1, 1]])
    np.testing.assert_array_equal(multilabel.mask[:, 0], [[1, 0], [1, 1], [0, 0], [1, 1]])
    assert regression.values[:3, 0, 0].mean() == pytest.approx(0, abs=1e-6)
    assert regression.values[3, 0, 0] == 0
    assert all(block.values.dtype == np.float32 for block in targets.values())
    np.testing.assert_allclose(regression.weight, [[0.5], [1], [1.5], [1]])  # the last: no label
    np.testing.assert_allclose(binary.weight[:, 1], [0.4, 0.8, 1.2, 1.6])
    assert sources["table"].task is None


@dataclass(frozen=True)
class Shifted(Regression):
    """Regression whose responses depend on a parameter."""

    by: float = 0.0

    def response(self, raw, fitted):
        return super().response(raw, fitted) + self.by


def test_kinds_that_answer_alike_form_a_block():
    tasks = [
        Task("rich", Binary(positive="no")),
        Task("poor", Binary()),
        Task("score", Shifted(by=1.0)),
        Task("age", Shifted(by=2.0)),
        Task("more", Shifted(by=1.0)),
    ]
    data = MultiTaskDataset.from_table({**TABLE, "more": [1.5, 2, 3, 4]}, tasks)
    blocks = make_blocks(data.tasks, fit_schemas(data))
    assert [block.tasks for block in blocks] == [("rich", "poor"), ("score", "more"), ("age",)]


def test_only_training_rows_are_learned_from(data):
    train = data.take({"table": np.array([0, 1, 3])})
    schemas = fit_schemas(train)
    (age, city, *_) = schemas["table"].columns
    assert (age.center, city.vocabulary, city.missing) == (3.0, ("a", "b"), False)
    rest, _ = encoded(data, schemas)
    assert rest["table"].inputs["categorical"][2, 0] == 0


def test_a_class_that_training_never_saw_is_missing():
    table = {"x": [1, 2, 3, 4, 5, 6, 7, 8], "y": ["a", "b", "a", "b", "a", "b", "c", "a"]}
    data = MultiTaskDataset.from_table(table, [Task("y", "multiclass")])
    schemas = fit_schemas(data.take({"table": np.arange(6)}))
    sources, _ = encoded(data, schemas)
    (block,) = sources["table"].targets.values()
    np.testing.assert_array_equal(block.mask[:, 0, 0], [1, 1, 1, 1, 1, 1, 0, 1])


def test_own_rows_carry_their_task():
    table = {
        "x": [1, 2, 3, 4, 5],
        "y": [1.0, None, 2.5, 3.0, 7.0],
        "school": ["b", "a", "a", "b", "b"],
    }
    data = MultiTaskDataset.from_long(table, "y", "school")
    sources, (block,) = encoded(data)
    targets = sources["table"].targets[block.name]
    assert block.own_rows == {"table"}
    np.testing.assert_array_equal(sources["table"].task, [1, 0, 0, 1, 1])
    np.testing.assert_array_equal(targets.mask[:, 0], [1, 0, 1, 1, 1])
    assert targets.values.shape == (5, 1)


def tasks_with_two_losses() -> MultiTaskDataset:
    tasks = [
        Task("a", "regression"),
        Task("b", "regression", loss="huber"),
        Task("c", "regression"),
    ]
    Y, own = [0.5, 1.5, 2.5, 0.0, 3.0, 4.0], [0, 1, 2, 1, 0, 2]
    return MultiTaskDataset.from_arrays(np.eye(6), Y, tasks, task_index=own)


def test_own_rows_of_two_blocks():
    sources, blocks = encoded(tasks_with_two_losses())
    plain, huber = (sources["table"].targets[block.name] for block in blocks)
    assert [block.tasks for block in blocks] == [("a", "c"), ("b",)]
    np.testing.assert_array_equal(sources["table"].task, [0, 1, 2, 1, 0, 2])
    np.testing.assert_array_equal(plain.mask[:, 0], [1, 0, 1, 0, 1, 1])
    np.testing.assert_array_equal(huber.mask[:, 0], [0, 1, 0, 1, 0, 0])


def test_sources_of_one_task_each_stay_apart():
    generator = np.random.default_rng(0)
    data = MultiTaskDataset.from_per_task(
        {
            "a": (generator.normal(size=(3, 2)), [0.5, 1.5, 2.5]),
            "b": (generator.normal(size=(2, 4)), [0.5, 1.0]),
        }
    )
    sources, (block,) = encoded(data)
    shapes = {name: rows.inputs["numeric"].shape for name, rows in sources.items()}
    assert shapes == {"a": (3, 2), "b": (2, 4)}
    labels = {name: rows.targets[block.name].values.shape for name, rows in sources.items()}
    assert labels == {"a": (3, 1, 1), "b": (2, 1, 1)}


def test_rows_of_sources_without_weights_weigh_one():
    generator = np.random.default_rng(0)
    tables = {"a": (np.eye(3), [0.5, 1.5, 2.5]), "b": (generator.normal(size=(2, 4)), [0.5, 1.0])}
    one, other = MultiTaskDataset.from_per_task(tables).sources
    heavy = replace(other, weights=np.array([2.0, 6.0]))
    data = MultiTaskDataset((one, heavy), TaskSet([*one.tasks, *other.tasks]))
    sources, (block,) = encoded(data)
    weights = [rows.targets[block.name].weight[:, 0] for rows in sources.values()]
    np.testing.assert_array_equal(np.concatenate(weights), [1, 1, 1, 0.5, 1.5])


def test_encoded_rows_can_be_taken(data):
    sources, _ = encoded(data)
    taken = sources["table"].take(np.array([3, 0]))
    assert isinstance(taken, SourceBatch)
    assert taken.n_rows == 2
    np.testing.assert_array_equal(
        taken.inputs["numeric"], sources["table"].inputs["numeric"][[3, 0]]
    )


def test_rows_that_are_taken_keep_their_preference(data):
    sources, _ = encoded(data)
    preferred = replace(sources["table"], preference=np.array([0.25, 0.75]))
    np.testing.assert_array_equal(preferred.take(np.array([3])).preference, [0.25, 0.75])
    doubled = preferred.without_targets().map(lambda array: 2 * array)
    np.testing.assert_array_equal(doubled.preference, [0.5, 1.5])


def test_a_task_of_several_sources_is_learned_from_all():
    tables = {"a": (np.eye(3), [0.5, 1.5, 2.5]), "b": (np.eye(3, 2), [0.5, 1.0, 4.5])}
    one, other = MultiTaskDataset.from_per_task(tables).sources
    task = one.tasks[0]
    moved = type(other)(
        "b",
        other.inputs,
        one.tasks,
        type(other.labels)(other.labels.frame, {"a": ("target",)}),
        other.row_ids,
    )
    schemas = fit_schemas(MultiTaskDataset((one, moved), TaskSet([task])))
    assert schemas["a"].targets == schemas["b"].targets
    assert schemas["a"].targets["a"].learned["center"] == (pytest.approx(1.75),)


def test_training_rows_without_a_label_are_an_error(data):
    score = MultiTaskDataset.from_table(TABLE, ["score"], features="age")
    with pytest.raises(DataError, match=r"Task 'score': column 'score' has no observed"):
        fit_schemas(score.take({"table": np.array([3])}))
    with pytest.raises(
        DataError, match=r"Task 'rich': column 'rich' holds only one class, 'yes', in the training"
    ):
        fit_schemas(data.take({"table": np.array([1, 3])}))


# ── JSON ──────────────────────────────────────────────────────────────────────
def test_schemas_go_through_json(data):
    schema = fit_schemas(data)["table"]
    back = schema_from_json(json.loads(json.dumps(schema_to_json(schema), allow_nan=False)))
    assert isinstance(back, Schema)
    assert back == schema
    for part, array in schema.encode(data.sources[0]).items():
        np.testing.assert_array_equal(back.encode(data.sources[0])[part], array)


def test_own_row_targets_are_written_once():
    table = {"x": range(40), "y": np.arange(40) / 7, "school": list(range(20)) * 2}
    schema = fit_schemas(MultiTaskDataset.from_long(table, "y", "school"))["table"]
    written = schema_to_json(schema)
    assert len(written["targets"]) == 1
    assert schema_from_json(written) == schema


@pytest.mark.parametrize("place", [-1, 9])
def test_a_task_without_a_target_is_refused(data, place):
    written = schema_to_json(fit_schemas(data)["table"])
    written["tasks"] = dict.fromkeys(written["tasks"], place)
    with pytest.raises(BundleError, match="every task must have a target"):
        schema_from_json(written)


def test_an_unknown_encoder_is_named(data):
    written = schema_to_json(fit_schemas(data)["table"])
    written["columns"][0]["encoder"] = "numerik"
    with pytest.raises(
        BundleError, match=r"column encoder 'numerik', which is unknown\. Known: numeric, boolean"
    ):
        schema_from_json(written)


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%Y-%m-%d", "%B %Y", "%s", "%d.%m.%Y %#z"])
def test_schemas_with_forms_of_dates_come_back(data, form):
    reading = Reading(dates={"when": form}, missing={"age": ("?", "-9")}, decimal=",")
    schema = replace(fit_schemas(data)["table"], reading=reading)
    assert schema_from_json(json.loads(json.dumps(schema_to_json(schema)))) == schema


# ── rows to predict ───────────────────────────────────────────────────────────
def test_targets_are_not_needed_to_predict(data):
    schema = fit_schemas(data)["table"]
    frame = pl.DataFrame({name: TABLE[name] for name in ("photo", "member", "city", "age")})
    source = as_source(frame.with_columns(other=pl.lit(1)), schema, data.tasks)
    assert source.labels is None
    assert source.inputs.columns == ["age", "city", "member", "photo"]
    for part, array in schema.encode(data.sources[0]).items():
        np.testing.assert_array_equal(schema.encode(source)[part], array)
    blocks = make_blocks(data.tasks, {"table": schema})
    assert encode([source], data.tasks, {"table": schema}, blocks)["table"].targets is None


@pytest.fixture
def long():
    table = {
        "x": [1.5, 2, 3, 4],
        "word": ["01", "02", "x", "y"],
        "y": [1.0, 2.5, 3.0, 4.0],
        "school": [1, 1, 2, 3],
    }
    data = MultiTaskDataset.from_long(table, "y", "school")
    return fit_schemas(data)["table"], data.tasks


@pytest.mark.parametrize("schools", [[3, 1], [3.0, 1.0], ["3", "1"]])
def test_rows_to_predict_name_their_task(long, schools):
    source = as_source({"x": [1, 2], "word": ["x", "01"], "school": schools}, *long)
    assert source.task_index.tolist() == [2, 0]
    assert source.rows_of("3").tolist() == [0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"school": [1, 9]},
            r"Column 'school' names tasks that the model was not fitted on: '9'\. Leave out",
        ),
        (
            {"school": [1, None]},
            r"Every row must name its task\. Column 'school' is missing in 1 row",
        ),
        (
            {"school": None},
            r"The column that names each row's task, 'school' is not a column of the table",
        ),
        ({"x": None}, r"same inputs as in fitting, but 'x' is not a column of the table"),
        (
            {"x": ["a", "b"]},
            r"Column 'x' held numbers when the model was fitted, and holds text now \('a' in row 0\)",
        ),
        (
            {"x": ["7.5", "a"]},
            r"Column 'x' held numbers when the model was fitted, and holds text now \('a' in row 1\)",
        ),
    ],
)
def test_rows_that_cannot_be_predicted(long, change, sentence):
    table = {"x": [1, 2], "word": ["a", "b"], "school": [1, 2], **change}
    table = {name: values for name, values in table.items() if values is not None}
    with pytest.raises(DataError, match=sentence):
        as_source(table, *long)


def test_a_file_is_read_with_the_types_of_fitting(long, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("x,word,school\n7,01,1\n8,02,2\n")
    schema, tasks = long
    source = as_source(path, schema, tasks)
    assert source.inputs["word"].to_list() == ["01", "02"]
    assert schema.encode(source)["categorical"][:, 0].tolist() == [1, 2]


def test_a_single_own_row_task_needs_no_column():
    data = MultiTaskDataset.from_per_task({"a": (np.eye(3), [0.5, 1.5, 2.5])})
    source = as_source(np.eye(3)[:2], fit_schemas(data)["table"], data.tasks)
    assert source.task_index.tolist() == [0, 0]


@pytest.mark.parametrize(("inputs", "column"), [("xy", "task"), (["x", "task"], "task_")])
def test_rows_of_tables_that_share_a_source_name_their_task(inputs, column):
    tables = {
        name: (dict(zip(inputs, X.T, strict=True)), [0.5, 1.5, 2.5])
        for name, X in {"a": np.eye(3, 2), "b": np.ones((3, 2))}.items()
    }
    data = MultiTaskDataset.from_per_task(tables)
    schema = fit_schemas(data)["table"]
    assert data.sources[0].task_column == schema.task_column == column
    rows = dict(zip([*inputs, column], [[1.0, 2.0], [3.0, 4.0], ["b", "a"]], strict=True))
    assert as_source(rows, schema, data.tasks).task_index.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("schools", "asked"),
    [
        (["7", "007", "A1"], ["007", "007"]),
        (["true", "false", "maybe"], ["true", "true"]),
        (["7", "12", "13"], ["12", "7"]),
        (["2020-01-01", "2021-01-01", "2022-01-01"], ["2022-01-01", "2021-01-01"]),
    ],
)
def test_task_names_of_a_file_do_not_depend_on_its_rows(schools, asked, tmp_path):
    whole, part = tmp_path / "whole.csv", tmp_path / "part.csv"
    table = {"x": [1.0, 2.0, 4.0], "score": [1.5, 2.5, 4.5], "school": schools}
    pl.DataFrame(table).write_csv(whole)
    pl.DataFrame({"x": [1.0, 2.0], "school": asked}).write_csv(part)
    data = read(whole, target="score", task_column="school")
    source = as_source(part, fit_schemas(data)["table"], data.tasks)
    assert [data.tasks.names[task] for task in source.task_index] == asked
