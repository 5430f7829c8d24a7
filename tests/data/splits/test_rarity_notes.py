"""Counts of test rows that are too few to judge by."""

import numpy as np

from polytask.data import FoldSplit, GroupSplit, MultiTaskDataset, Split, rarity_notes
from polytask.tasks import Task


def split_of(n, test, train=None):
    train = np.setdiff1d(np.arange(n), test) if train is None else train
    return Split({"table": np.asarray(train)}, {}, {"table": np.asarray(test)})


def test_one_note_counts_the_rarer_class_of_all_tasks():
    columns = {
        "x": range(100),
        "rare": [1] * 3 + [0] * 47 + [1] * 10 + [0] * 40,
        "common": [0, 1] * 50,
        "grade": ["a"] * 5 + ["b"] * 45 + ["a", "b"] * 25,
        "size": np.arange(100) / 3,
    }
    data = MultiTaskDataset.from_table(columns, ["rare", "common", "grade", "size"])
    (note,) = rarity_notes(data, [split_of(100, np.arange(50))])
    assert note == (
        "Fewer than 20 test rows of the rarer class: 3 of class 1 (rare), 5 of class 'a' (grade). "
        "Single rows decide the metrics."
    )
    assert rarity_notes(data.take({"table": np.arange(100)}), [split_of(100, range(50, 100))])


def test_enough_rows_make_no_note():
    data = MultiTaskDataset.from_table({"x": range(100), "y": [0, 1] * 50}, "y")
    assert rarity_notes(data, [split_of(100, np.arange(40))]) == ()


def test_the_rarer_class_may_be_the_negative_one_and_absent():
    data = MultiTaskDataset.from_table({"x": range(60), "y": [1] * 50 + [0] * 10}, "y")
    (note,) = rarity_notes(data, [split_of(60, np.arange(30))])
    assert "0 of class 0 (y)" in note


def test_a_class_that_only_test_rows_have():
    columns = {"x": range(60), "grade": ["a", "b"] * 29 + ["c", "c"]}
    data = MultiTaskDataset.from_table(columns, [Task("grade", "multiclass")])
    notes = rarity_notes(data, [split_of(60, np.arange(10, 60))])
    assert notes[-1] == (
        "A class without a training row: 2 of class 'c' (grade) among the test rows. "
        "No model can predict it."
    )
    assert len(notes) == 1  # the others have 25 rows each


def test_columns_of_a_multilabel_task_are_counted_one_by_one():
    columns = {"x": range(60), "rock": [0, 1] * 30, "pop": [1, 0, 0, 0, 0, 0] * 10}
    data = MultiTaskDataset.from_table(columns, [Task("genre", "multilabel", ("rock", "pop"))])
    (note,) = rarity_notes(data, [split_of(60, np.arange(42))])
    assert "7 of class 'pop=1' (genre)" in note


def test_few_groups():
    columns = {"x": range(60), "y": np.arange(60) / 7, "house": np.repeat(range(12), 5)}
    data = MultiTaskDataset.from_table(columns, "y")
    splitter = GroupSplit("house", test=0.25)
    (note,) = rarity_notes(splitter.prepared(data), splitter.splits(data, 0))
    assert note.startswith("The test rows come from 3 groups, fewer than 10")
    assert rarity_notes(data, splitter.splits(data, 0)) == ()  # rows are the units


def test_the_smallest_fold_is_counted():
    columns = {"x": range(60), "y": [0, 0, 1] * 20}
    data = MultiTaskDataset.from_table(columns, "y")
    (note,) = rarity_notes(data, FoldSplit(5).splits(data, 0))
    assert "rarer class in a fold: 4 of class 1 (y)" in note


def test_many_tasks_make_one_short_note():
    columns = {"x": range(40)} | {f"t{i}": [0, 0, 0, 1] * 10 for i in range(30)}
    data = MultiTaskDataset.from_table(columns, [f"t{i}" for i in range(30)])
    (note,) = rarity_notes(data, [split_of(40, np.arange(20))])
    assert note.count("of class") == 5
    assert "and 25 more" in note


def test_few_events_are_counted_by_the_fold_with_the_fewest():
    columns = {"x": range(100), "time": np.arange(100.0) + 1, "event": [1] * 30 + [0] * 70}
    task = Task("relapse", "survival", ("time", "event"))
    data = MultiTaskDataset.from_table(columns, [task])
    assert rarity_notes(data, [split_of(100, np.arange(10, 40))]) == ()
    folds = [split_of(100, np.arange(10, 40)), split_of(100, np.arange(30, 100))]
    assert rarity_notes(data, folds) == (
        "Fewer than 20 test rows with an event in a fold: 0 (relapse). Single rows decide the metrics.",
    )


def test_tasks_that_no_validation_row_labels():
    columns = {"x": range(90), "y": [0, 1] * 45, "z": [1.0] * 29 + [2.0] + [None] * 30 + [1.5] * 30}
    data = MultiTaskDataset.from_table(columns, ["y", "z"])
    parts = ({"table": np.arange(start, start + 30)} for start in (0, 30, 60))
    note = rarity_notes(data, [Split(*parts)])[-1]
    assert note == (
        "Without a labelled validation row: z. "
        "Neither the end of training nor settings nor the model to use are chosen by it."
    )
    assert "validation" not in " ".join(rarity_notes(data, [split_of(90, np.arange(30))]))


def test_tasks_with_few_labelled_training_rows_beside_many_are_named_with_their_numbers():
    columns = {
        "x": range(600),
        "y": np.arange(600) / 7,
        "cold": [1.5] * 5 + [None] * 395 + [2.5] * 200,
        "cool": [1.5, 2.5] * 30 + [None] * 540,
    }
    data = MultiTaskDataset.from_table(columns, ["y", "cold", "cool"])
    (note,) = rarity_notes(data, [split_of(600, np.arange(400, 600))])
    assert note == (
        "Few labelled training rows: 5 (cold), 60 (cool), where another task has 400. Alone, they "
        "learn from these only; joint and pooled models also use what others know."
    )
    few = split_of(600, np.arange(400, 600), train=np.arange(0, 250))
    assert "5 (cold), where another task has 250. Alone, it" in rarity_notes(data, [few])[0]
