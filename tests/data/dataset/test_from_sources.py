"""Data sets of several tables, each with rows and columns of its own."""

import datetime as dt
import re

import numpy as np
import polars as pl
import pytest

import polytask
from polytask import MultiTaskDataset, Task
from polytask.bookkeeping import Budget
from polytask.data import (
    ColumnSplit,
    GroupFoldSplit,
    GroupSplit,
    RandomSplit,
    TimeSplit,
    encode,
    fit_schemas,
    make_blocks,
    open_table,
)
from polytask.exceptions import DataError, OneClassError, ParameterError, UnknownNameError

RED = {
    "acid": [7.4, 7.8, 11.2, 7.9, 7.3, 6.7],
    "ph": [3.5, 3.2, 3.1, 3.3, 3.4, 3.6],
    "quality": [5, 6, 7, 5, 6, 4],
}
WHITE = {
    "sugar": [20.7, 1.6, 6.9, 8.5, 1.2],
    "ph": [3.0, 3.3, 3.2, 3.1, 3.4],
    "quality": [6, 5, 8, 6, 7],
    "taste": ["dry", "sweet", "dry", "dry", "sweet"],
}
BOTH = {"red": RED, "white": WHITE}


def made(tasks, sources=BOTH, **options):
    return MultiTaskDataset.from_sources(sources, tasks, **options)


def layout(data):
    """Inputs and tasks by source."""
    return {s.name: (s.inputs.columns, list(s.tasks.names)) for s in data.sources}


def with_red(**columns):
    return {"red": {**RED, **columns}, "white": WHITE}


# ── where a target is ─────────────────────────────────────────────────────────
def test_a_target_is_looked_for_in_all_sources():
    data = made(["quality:regression", "taste"])
    assert layout(data) == {
        "red": (["acid", "ph"], ["quality"]),
        "white": (["sugar", "ph"], ["quality", "taste"]),
    }
    assert data.tasks.names == ("quality", "taste")
    assert data.n_rows == 11


def test_tasks_come_in_the_order_in_which_they_are_named():
    assert made(["taste", "quality:regression"]).tasks.names == ("taste", "quality")


def test_a_picked_target_is_an_input_elsewhere_with_a_note():
    data = made(["white/quality:regression", "red/ph:regression"])
    assert layout(data) == {
        "red": (["acid", "quality"], ["ph"]),
        "white": (["sugar", "ph", "taste"], ["quality"]),
    }
    assert (
        "red: input quality is called like a target of white; --drop red/quality leaves it out"
        in data.notes
    )


def test_picked_targets_are_called_by_their_source_where_names_collide():
    data = made(["red/quality:regression", "white/quality:regression", "white/taste"])
    assert data.tasks.names == ("red/quality", "white/quality", "taste")
    assert [task.columns for task in data.tasks] == [("quality",), ("quality",), ("taste",)]


def test_a_name_alone_leaves_a_picked_column_to_its_own_task():
    data = made(["quality:regression", "white/quality:regression"])
    assert layout(data)["red"][1] == ["quality"]
    assert layout(data)["white"][1] == ["white/quality"]


def test_nothing_is_left_for_a_name_of_which_all_columns_are_picked():
    with pytest.raises(DataError, match=r"every source that has column 'quality' is picked by"):
        made(["quality", "white/quality", "red/quality"])


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*/quality:regression", ("red/quality", "white/quality")),
        ("q*:regression", ("quality",)),
        ("white/ta*,quality", ("taste", "quality")),
    ],
)
def test_patterns(pattern, names):
    assert made([pattern]).tasks.names == names


def test_a_pattern_passes_over_columns_that_one_source_uses_otherwise():
    data = made(["[pqw]*:regression"], with_red(w=[1.0] * 6), weight="red/w", drop="white/ph")
    assert data.tasks.names == ("quality",)
    assert layout(data)["red"][0] == ["acid", "ph"]


def test_a_task_of_several_columns_lies_where_all_of_them_are():
    sources = {
        "red": {"x": [1, 2, 3, 4], "a": [0, 1, 1, 0], "b": [1, 0, 1, 0], "y": [1.5, 2, 3, 4]},
        "white": {"z": [1, 2, 3], "a": [0, 1, 1], "y": [0.5, 1.5, 2.5]},
    }
    data = made(["pain=a,b:multilabel", "y"], sources)
    assert layout(data) == {"red": (["x"], ["pain", "y"]), "white": (["z"], ["y"])}
    with pytest.raises(
        DataError, match=r"no source has all of its columns.*b \(red\); z \(white\)"
    ):
        made(["pain=b,z:multilabel"], sources)
    with pytest.raises(DataError, match=r"must stand in one source.*red/a \(red\); white/a \(whi"):
        made([Task("pain", "multilabel", ["red/a", "white/a"])], sources)


def test_a_task_object_may_pick_a_source_and_keeps_its_name():
    data = made([Task("grade", "regression", "white/quality"), "red/quality:regression"])
    assert data.tasks.names == ("grade", "quality")
    assert data.tasks["grade"].columns == ("quality",)
    assert layout(data)["white"][1] == ["grade"]


def test_a_columns_own_name_wins_over_that_of_a_source():
    sources = with_red(**{"white/quality": [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]})
    data = made(["white/quality:regression", "white/taste"], sources)
    assert layout(data)["red"] == (["acid", "ph", "quality"], ["white/quality"])


# ── one task in several sources ───────────────────────────────────────────────
def test_one_task_learns_its_classes_from_all_sources():
    data = made(["quality:multiclass", "taste"])
    schemas = fit_schemas(data)
    assert schemas["red"].targets["quality"].classes == (4, 5, 6, 7, 8)
    assert schemas["red"].targets["quality"] == schemas["white"].targets["quality"]
    blocks = make_blocks(data.tasks, schemas)
    encoded = encode(data.sources, data.tasks, schemas, blocks)
    assert encoded["red"].inputs["numeric"].shape[1] == 2
    assert {block.sources for block in blocks} == {("red", "white"), ("white",)}


def test_a_kind_is_inferred_from_all_sources():
    sources = {"red": {"x": [1, 2, 3], "y": [0, 1, 1]}, "white": {"z": [1, 2], "y": [0.5, 2.5]}}
    data = made("y", sources)
    assert data.tasks["y"].known_kind.name == "regression"
    with pytest.raises(OneClassError):
        made("y:binary", {"a": {"x": [1, 2], "y": [1, 1]}, "b": {"x": [1, 2], "y": [1, 1]}})
    assert made("y", {"a": {"x": [1, 2], "y": [1, 1]}, "b": {"x": [1, 2], "y": [0, 0]}}).n_rows == 4


def test_a_target_stored_in_different_ways_is_refused():
    with pytest.raises(
        DataError,
        match=r"column 'quality' holds text in red, numbers in white.*pick.*: red/quality",
    ):
        made("quality", with_red(quality=list("abcabc")))


def test_a_source_without_labels_of_a_task_does_not_carry_it():
    data = made(["quality:regression", "ph:regression"], with_red(quality=[None] * 6))
    assert layout(data)["red"] == (["acid"], ["ph"])
    assert "red: no label of quality" in data.notes
    data = made(["quality:regression"], with_red(quality=[None] * 6))
    assert list(layout(data)) == ["white"]
    note = "red: no label of quality, nor of another task, so that the source is left out"
    assert note in data.notes


def test_left_out_tasks_are_told_with_their_sources():
    sources = with_red(rare=[1, 1, 1, 1, 1, 1])
    data = made(["quality:regression", "rare:binary"], sources)
    assert "rare: left out, since only one class, 1, is observed in red" in data.notes
    lonely = {"only": {"x": [1, 2, 3], "rare": [1, 1, 1]}, **BOTH}
    data = made(["quality:regression", "rare:binary"], lonely)
    assert "only: the source is left out, since none of its tasks is left" in data.notes
    assert list(layout(data)) == ["red", "white"]


# ── options ───────────────────────────────────────────────────────────────────
def test_options_mean_all_sources_with_such_a_column_or_a_picked_one():
    data = made("quality:regression", drop=["ph", "white/taste"])
    assert layout(data)["red"][0] == ["acid"]
    assert layout(data)["white"][0] == ["sugar"]
    data = made("quality:regression", drop="red/ph")
    assert [s.inputs.columns for s in data.sources] == [["acid"], ["sugar", "ph", "taste"]]
    data = made("quality:regression", features=["ph", "white/sugar"])
    assert [s.inputs.columns for s in data.sources] == [["ph"], ["ph", "sugar"]]


def test_roles_and_missing_cells_by_source():
    data = made(
        "quality:regression",
        with_red(code=[1, 2, 1, 2, 1, 2]),
        columns={"red/code": "categorical", "p*": "categorical"},
        missing=["acid=7.4", "white/ph=3.0"],
    )
    red, white = data.sources
    assert red.reading.roles == {"code": "categorical", "ph": "categorical"}
    assert white.reading.roles == {"ph": "categorical"}
    assert red.inputs["acid"].null_count() == 1
    assert white.inputs["ph"].null_count() == 1
    assert red.inputs["ph"].null_count() == 0


def test_weights_by_source_and_by_task():
    weighed = {
        "red": {**RED, "w": [1.0, 2, 3, 1, 2, 3]},
        "white": {**WHITE, "v": [1.0, 1, 1, 1, 5]},
    }
    data = made(["quality:regression", "taste"], weighed, weight={None: "w", "taste": "v"})
    red, white = data.sources
    assert red.weights.tolist() == [1, 2, 3, 1, 2, 3]
    assert white.weights[:, 0].tolist() == [1] * 5
    assert white.weights[:, 1].tolist() == [1, 1, 1, 1, 5]
    assert layout(data)["white"][0] == ["sugar", "ph"]
    assert "white: no column 'w', so that every row weighs 1" in data.notes
    notes = made(["quality:regression", "taste"], weighed, weight={"quality": "w"}).notes
    assert "white: no column 'w', so that every row weighs 1 for quality" in notes
    assert not any("'v'" in note for note in data.notes)


@pytest.mark.parametrize("column", ["red/w", "w"])
def test_a_weight_of_no_source_of_its_task(column):
    weighed = {"red": {**RED, "w": [1.0] * 6}, "white": WHITE}
    words = f"weight column '{column}' of task 'taste' is in no source of the task, white. Name"
    with pytest.raises(DataError, match=words):
        made(["quality:regression", "taste"], weighed, weight={"taste": column})


def test_rows_of_weight_0_are_counted_by_source():
    weighed = {"red": {**RED, "w": [0, 0, 1, 1, 1, 1]}, "white": {**WHITE, "w": [0, 1, 1, 1, 1]}}
    notes = made("quality:regression", weighed, weight="w").notes
    assert "red: 2 rows of weight 0: left out of training and of metrics" in notes
    assert "white: 1 row of weight 0: left out of training and of metrics" in notes


def test_groups_are_common_to_sources():
    grouped = {
        "red": {**RED, "house": list("aabbcc")},
        "white": {**WHITE, "house": list("bbdee")},
    }
    data = made("quality:regression", grouped, group="house")
    red, white = data.sources
    assert red.groups.tolist() == [0, 0, 1, 1, 2, 2]
    assert white.groups.tolist() == [1, 1, 3, 4, 4]
    (split,) = GroupSplit(test=0.3, validation=0.2).splits(data, seed=0)
    of = {"red": np.array(list("aabbcc")), "white": np.array(list("bbdee"))}
    parts = [
        {house for name, rows in part.items() for house in of[name][rows]}
        for part in (split.train, split.validation, split.test)
    ]
    assert not parts[0] & parts[1]
    assert not (parts[0] | parts[1]) & parts[2]


def test_a_group_column_of_one_source():
    data = made("quality:regression", with_red(house=list("aabbcc")), group="house")
    assert data.sources[0].groups.tolist() == [0, 0, 1, 1, 2, 2]
    assert data.sources[1].groups is None


def test_a_split_by_a_column_of_each_source():
    timed = {
        "red": {**RED, "year": [1, 2, 3, 4, 5, 6]},
        "white": {**WHITE, "year": [2, 4, 6, 8, 9]},
    }
    data = made("quality:regression", timed)
    (split,) = TimeSplit("year", test=0.2, validation=0.2).splits(data, seed=0)
    years = {"red": np.array([1, 2, 3, 4, 5, 6]), "white": np.array([2, 4, 6, 8, 9])}
    latest = max(y for name, rows in split.train.items() for y in years[name][rows])
    assert any(map(len, split.test.values()))
    assert all(years[name][rows].min() > latest for name, rows in split.test.items() if len(rows))
    with pytest.raises(DataError, match=r"time column 'year' must be in every source.*'white'"):
        TimeSplit("year").splits(made("quality:regression", with_red(year=range(6))), seed=0)


def test_notes_of_splits_name_the_sources():
    days = [dt.date(2020, 1, day) for day in range(1, 6)]
    data = made("quality:regression", {"red": RED, "white": {**WHITE, "day": days}})
    (note,) = RandomSplit().notes(data)
    assert note.startswith("rows of white carry dates ('day'), but the split is random")
    assert "--split" not in note
    timed = {"red": {**RED, "day": [None, *days]}, "white": {**WHITE, "day": days}}
    data = made("quality:regression", timed)
    (note,) = RandomSplit().notes(data)
    assert note.startswith("rows carry dates ('day')")
    assert "--split time:day" in note
    assert TimeSplit("day").notes(data) == ("red: 1 row has no time in 'day': they train",)


def test_splits_name_the_source_that_does_not_suit():
    parts = {
        "red": {**RED, "part": ["train", "test"] * 3},
        "white": {**WHITE, "part": list("abcde")},
    }
    with pytest.raises(DataError, match=r"Source 'white': The split column 'part' must say train"):
        ColumnSplit("part").splits(made("quality:regression", parts), seed=0)
    with pytest.raises(DataError, match=r"Source 'red': The rows have no groups"):
        GroupSplit().splits(made("quality:regression"), seed=0)


# ── each row its own task ─────────────────────────────────────────────────────
def test_own_rows_in_several_sources():
    sources = {
        "north": {"x": [1.0, 2, 3, 4], "score": [1.5, 2.5, 3.5, 4.5], "school": [7, 7, 9, 9]},
        "south": {"z": [5.0, 6, 7, 8], "score": [2.5, 3.5, 1.5, 0.5], "school": [9, 9, 12, 12]},
    }
    data = made("score", sources, task_column="school")
    assert data.tasks.names == ("7", "9", "12")
    assert layout(data) == {"north": (["x"], ["7", "9"]), "south": (["z"], ["9", "12"])}
    schemas = fit_schemas(data)
    (block,) = make_blocks(data.tasks, schemas)
    assert block.own_rows == {"north", "south"}
    assert block.members == (("7", "9"), ("9", "12"))
    encoded = encode(data.sources, data.tasks, schemas, [block])
    assert encoded["south"].inputs["numeric"].shape == (4, 1)
    again = polytask.read(sources=sources, target="score", kind="regression", task_column="school")
    assert again.digest() == data.digest()


def test_own_rows_of_several_columns():
    north = {"x": [1.0, 2, 3, 4], "a": [0, 1, 1, 0], "b": [1, 0, 1, 0], "school": [7, 7, 9, 9]}
    south = {"z": [1.0, 2, 3, 4], "a": [0, 1, 1, 0], "b": [1, 0, 1, 0], "school": [9, 9, 8, 8]}
    sources = {"north": north, "south": south}
    data = made("pain=a,b:multilabel", sources, task_column="school")
    assert data.tasks.names == ("7", "9", "8")
    assert all(task.columns == ("a", "b") for task in data.tasks)
    assert [source.inputs.columns for source in data.sources] == [["x"], ["z"]]
    with pytest.raises(
        DataError, match=r"must stand in one source. Got north/a \(north\); south/b"
    ):
        made("pain=north/a,south/b:multilabel", sources, task_column="school")


def test_own_rows_need_target_and_task_column_in_every_source():
    north = {"x": [1.0, 2], "score": [1.5, 2.5], "school": [7, 9]}
    with pytest.raises(DataError, match=r"Source 'south': The task column 'school' is not a col"):
        made(
            "score",
            {"north": north, "south": {"z": [1, 2], "score": [1.5, 2]}},
            task_column="school",
        )
    with pytest.raises(DataError, match=r"Source 'south' has no column of a target"):
        made(
            "score",
            {"north": north, "south": {"z": [1, 2], "school": [1, 2]}},
            task_column="school",
        )
    with pytest.raises(ParameterError, match="one target serves all tasks"):
        made(["score", "x"], {"north": north}, task_column="school")


def test_weights_and_groups_of_own_rows():
    sources = {
        "north": {
            "x": [1.0, 2],
            "score": [1.5, 2.5],
            "school": [7, 9],
            "w": [1, 3],
            "g": ["a", "b"],
        },
        "south": {"z": [5.0, 6], "score": [2.5, 3.5], "school": [9, 9], "g": ["b", "c"]},
    }
    data = made("score", sources, task_column="school", weight="w", group="g")
    assert [s.weights is None for s in data.sources] == [False, True]
    assert [s.groups.tolist() for s in data.sources] == [[0, 1], [1, 2]]
    with pytest.raises(ParameterError, match="no task named '8' to give row weights"):
        made("score", sources, task_column="school", weight={"8": "w"})


# ── files ─────────────────────────────────────────────────────────────────────
def test_files_of_several_types(tmp_path):
    red, white = tmp_path / "red.csv", tmp_path / "white.parquet"
    pl.DataFrame(RED).write_csv(red, separator=";")
    pl.DataFrame(WHITE).write_parquet(white)
    data = polytask.read(sources={"red": str(red), "white": white}, tasks="quality:regression")
    assert layout(data) == layout(made("quality:regression"))
    assert data.digest() == made("quality:regression").digest()
    data = polytask.read(
        sources={"red": red, "white": white}, tasks="quality", separator=";", features="ph"
    )
    assert [source.inputs.columns for source in data.sources] == [["ph"], ["ph"]]
    with pytest.raises(ParameterError, match="None of the sources is one; leave them out"):
        polytask.read(sources={"white": white}, tasks="quality", separator=";")


def test_names_and_decimal_marks_of_files(tmp_path):
    path = tmp_path / "red.csv"
    path.write_text("1,5;3\n2,5;4\n3,5;5\n", encoding="utf-8")
    data = polytask.read(
        sources={"red": path, "white": WHITE},
        tasks="quality:regression",
        names="acid,quality",
        decimal=",",
        separator=";",
    )
    assert data.source("red").inputs["acid"].to_list() == [1.5, 2.5, 3.5]


def test_tables_that_were_opened_before():
    table = open_table(RED, columns={"ph": "categorical"})
    data = made("quality:regression", {"red": table, "white": WHITE}, columns={"taste": "drop"})
    assert data.source("red").reading.roles == {"ph": "categorical"}
    assert data.source("white").inputs.columns == ["sugar", "ph"]


def test_notes_name_their_sources():
    data = made("quality:regression", with_red(acid=["7.4", "?", "11.2", "7.9", "7.3", "6.7"]))
    assert any(note.startswith("red: acid: numbers but for '?'") for note in data.notes)


# ── errors ────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("tasks", "options", "sentence"),
    [
        (
            "qualty",
            {},
            r"'qualty' is not a column of any source. Did you mean 'quality' \(in red, w",
        ),
        (
            "red/taste",
            {},
            r"'red/taste' is not a column of source red. Did you mean 'white/taste'\?",
        ),
        ("wite/quality", {}, r"is not a column of any source. Did you mean 'white/quality'\?"),
        ("zz*", {}, r"No column of any source matches 'zz\*'"),
        (
            "xyz",
            {},
            r"'xyz' is not a column of any source. The sources are red \(acid, ph, quality",
        ),
        ("white/taste", {}, r"Source 'red' has no column of a target \(these are taste\)"),
        (
            "quality",
            {"drop": "phh"},
            r"The dropped column 'phh' is not.*Did you mean 'ph' \(in red",
        ),
        ("quality", {"features": "white/acid"}, r"The feature 'white/acid'.*mean 'red/acid'"),
        ("quality", {"features": "acid"}, r"Source 'white': No input column is left: none of the"),
        ("quality", {"weight": "ww"}, r"The weight column 'ww' is not a column of any source"),
        ("quality", {"group": "house"}, r"The group column 'house' is not a column of any source"),
        ("quality", {"columns": {"red/taste": "drop"}}, r"The declared column 'red/taste'"),
        ("quality", {"missing": {"sugr": "?"}}, r"`missing`: 'sugr' is not.*mean 'sugar' \(in whi"),
    ],
)
def test_columns_that_no_source_has(tasks, options, sentence):
    with pytest.raises(DataError, match=sentence):
        made(tasks, **options)


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("name", ["", " ", "a/b", "a,b", "a=b", "a:b", "a*", 3, None])
def test_names_of_sources(name):
    with pytest.raises(ParameterError, match=r"`sources` parameter of the data set must be a map"):
        made("quality", {name: RED})


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("sources", [{}, [RED], None, "red.csv"])
def test_no_mapping_of_sources(sources):
    with pytest.raises(ParameterError, match=r"`sources` parameter of the data set must be a map"):
        made("quality", sources)


def test_errors_name_the_source():
    with pytest.raises(DataError, match=r"Source 'red': The table has no rows"):
        made("quality", {"red": {"x": [], "quality": []}, "white": WHITE})
    with pytest.raises(DataError, match=r"Source 'red': Column 'acid' holds an infinite value"):
        made("quality", with_red(acid=[np.inf, 1, 2, 3, 4, 5]))
    with pytest.raises(DataError, match=r"Source 'red': Every row must have a group"):
        made("quality", with_red(g=[1, None, 2, 2, 1, 1]), group="g")
    moments = [dt.date(2020, 1, 1)] * 5
    grouped = {"red": {**RED, "g": [True, False] * 3}, "white": {**WHITE, "g": moments}}
    with pytest.raises(DataError, match=r"must name groups alike in all sources"):
        made("quality", grouped, group="g")


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("options", [{"weight": [1.0] * 6}, {"group": [1] * 6}])
def test_values_cannot_be_given_for_several_sources(options):
    with pytest.raises(ParameterError, match="since each source has rows of its own"):
        made("quality", **options)


def test_a_weight_for_no_task():
    with pytest.raises(ParameterError, match=r"no task named 'qualty' to give row weights"):
        made("quality", with_red(w=[1] * 6), weight={"qualty": "w"})


def test_read_takes_one_table_or_sources():
    with pytest.raises(ParameterError, match=r"either `data`, one table, or `sources`, several"):
        polytask.read(RED, "quality", sources=BOTH)
    with pytest.raises(ParameterError, match=r"either `data`, one table, or `sources`, several"):
        polytask.read(tasks="quality")


@pytest.mark.parametrize(
    "split",
    [GroupSplit("place"), ColumnSplit("place"), TimeSplit("place"), GroupFoldSplit("place")],
)
def test_a_split_by_a_column_that_one_source_lacks(split):
    red = {"place": ["a", "b"] * 10, "quality": range(20)}
    white = {"plaice": ["a", "b"] * 10, "quality": range(20)}
    data = polytask.read(sources={"red": red, "white": white}, tasks="quality:regression")
    with pytest.raises(DataError, match=r"column 'place' must be in every source.*in 'white'; add"):
        split.splits(data, 0)


def test_an_unknown_source():
    with pytest.raises(UnknownNameError, match=re.escape("no source named 'rad'")):
        made("quality:regression").source("rad")


# ── models ────────────────────────────────────────────────────────────────────
def wines(n_rows, seed, inputs):
    generator = np.random.default_rng(seed)
    table = {name: generator.normal(size=n_rows) for name in inputs}
    return {**table, "quality": sum(table.values()) + 0.1 * generator.normal(size=n_rows)}


@pytest.mark.parametrize("learner", ["linear", "hard_sharing", "single_task", "constant"])
def test_models_of_several_sources(learner, tmp_path):
    sources = {"red": wines(80, 0, "ab"), "white": wines(60, 1, "bcd")}
    data = polytask.read(sources=sources, tasks="quality:regression")
    model = polytask.fit(data, learner, seed=0, budget=Budget(steps=20))
    predictions = model.predict(sources)["quality"]
    assert predictions.response.shape == (140,)
    assert predictions.counts == {"red": 80, "white": 60}
    only = model.predict({"white": sources["white"]})["quality"]
    np.testing.assert_allclose(only.response, predictions.response[80:], rtol=1e-5)
    model.save(tmp_path / "model")
    loaded = polytask.load(tmp_path / "model").predict(sources)["quality"]
    assert np.array_equal(loaded.response, predictions.response)
    with pytest.raises(DataError, match=r"no source named 'rose'. It learned from 'red', 'white'"):
        model.predict({"rose": sources["red"]})
    with pytest.raises(DataError, match=r"several sources, 'red', 'white'.*--source red=FILE"):
        model.predict(sources["red"])


# ── the same name or the same table twice ─────────────────────────────────────
def test_sources_of_one_name():
    data = made(["quality:regression"])
    red = data.source("red")
    said = r"must be sources with unique names\. Got 'red' twice; rename one of them\."
    with pytest.raises(DataError, match=said):
        MultiTaskDataset((red, red), data.tasks)


def test_sources_without_a_task():
    data = made(["quality:regression", "taste"])
    said = r"must be sources that carry every task\. Got red, none of which has the task 'taste'\."
    with pytest.raises(DataError, match=said):
        MultiTaskDataset((data.source("red"),), data.tasks)


@pytest.mark.parametrize(
    "tasks", [["quality", "quality"], ["quality", Task("quality")], "taste,taste"]
)
def test_a_task_named_twice(tasks):
    with pytest.raises(ParameterError, match=r"tasks with unique names\. Got '\w+' twice; rename"):
        made(tasks)


def test_one_frame_as_two_sources_is_noted():
    data = made(["quality:regression"], {"red": RED, "rouge": RED})
    assert "rouge: the same table as red, so that a row may be trained on" in " ".join(data.notes)
    other = made(["quality:regression"], {"red": RED, "rouge": dict(RED)})
    assert "the same table" not in " ".join(other.notes)
