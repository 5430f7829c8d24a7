"""Folds, folds of groups, and splits by time."""

import datetime as dt
import itertools
import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytask._recipes import from_json, to_json
from polytask.data import (
    FoldSplit,
    GroupFoldSplit,
    GroupSplit,
    MultiTaskDataset,
    RandomSplit,
    TimeSplit,
    as_splitter,
    parse_split,
)
from polytask.exceptions import DataError, ParameterError, UnknownNameError


def table(n=60, seed=0):
    generator = np.random.default_rng(seed)
    return {
        "x": generator.normal(size=n),
        "house": generator.integers(0, max(n // 4, 3), n),
        "when": generator.integers(0, max(n // 3, 4), n),
        "rich": np.where(np.arange(n) % 5 == 0, "yes", "no"),
        "pay": generator.normal(size=n),
    }


def made(n=60, seed=0, **arguments):
    return MultiTaskDataset.from_table(table(n, seed), ["rich", "pay"], **arguments)


def parts_of(split, source="table"):
    return [part[source] for part in (split.train, split.validation, split.test)]


# ── folds ─────────────────────────────────────────────────────────────────────
@settings(max_examples=25)
@given(st.integers(20, 90), st.integers(2, 6), st.integers(1, 3), st.integers(0, 3))
def test_every_row_tests_once_per_repetition(n, folds, repeats, seed):
    splits = FoldSplit(folds, repeats).splits(made(n), seed)
    assert [split.fold for split in splits] == list(range(folds * repeats))
    for repetition in range(repeats):
        mine = [split for split in splits if split.repetition == repetition]
        assert len(mine) == folds
        tested = np.concatenate([split.test["table"] for split in mine])
        assert np.sort(tested).tolist() == list(range(n))
    for split in splits:
        together = np.concatenate(parts_of(split))
        assert np.sort(together).tolist() == list(range(n))
        _, validation, test = map(len, parts_of(split))
        assert test == pytest.approx(n / folds, abs=2)
        assert validation == pytest.approx(0.2 * n, abs=2)


def test_folds_are_stratified():
    data = made(100)
    rare = np.flatnonzero(np.asarray(table(100)["rich"]) == "yes")
    for split in FoldSplit(5).splits(data, 0):
        assert [np.isin(part, rare).sum() for part in parts_of(split)] == [12, 4, 4]


@settings(max_examples=25)
@given(st.integers(24, 90), st.integers(2, 5), st.integers(1, 2), st.integers(0, 3))
def test_no_group_is_in_two_parts(n, folds, repeats, seed):
    data = made(n)
    house = np.asarray(table(n)["house"])
    splitter = GroupFoldSplit("house", folds, repeats)
    if len(np.unique(house)) < 2 * folds:
        return
    splits = splitter.splits(data, seed)
    for split in splits:
        held = [set(house[part]) for part in parts_of(split)]
        assert not held[0] & held[1]
        assert not held[0] & held[2]
        assert not held[1] & held[2]
        assert all(held)
    tested = np.concatenate([split.test["table"] for split in splits])
    assert np.bincount(tested).tolist() == [repeats] * n
    prepared = splitter.prepared(data)
    assert "house" not in prepared.sources[0].inputs.columns
    assert prepared.sources[0].group_column == "house"


def test_folds_keep_the_groups_of_the_data_set():
    data = made(group="house")
    house = np.asarray(table()["house"])
    for split in FoldSplit(4).splits(data, 0):
        train, _, test = parts_of(split)
        assert not set(house[train]) & set(house[test])
    assert [s.digest() for s in GroupFoldSplit(folds=4).splits(data, 0)] == [
        s.digest() for s in FoldSplit(4).splits(data, 0)
    ]


def test_folds_of_every_source_and_of_own_rows():
    generator = np.random.default_rng(0)
    tables = {"a": generator.normal(size=(20, 2)), "b": generator.normal(size=(30, 3))}
    data = MultiTaskDataset.from_per_task(
        {name: (X, generator.normal(size=len(X))) for name, X in tables.items()}
    )
    for split in FoldSplit(5).splits(data, 0):
        assert [len(split.test[name]) for name in ("a", "b")] == [4, 6]
    own = np.repeat([0, 1], [10, 40])
    data = MultiTaskDataset.from_arrays(np.eye(50), generator.normal(size=50), task_index=own)
    for split in FoldSplit(5).splits(data, 0):
        assert np.bincount(own[split.test["table"]]).tolist() == [2, 8]


def test_tasks_of_fewer_rows_than_folds_fill_all_folds_together():
    own = np.repeat(np.arange(13), 4)
    data = MultiTaskDataset.from_arrays(np.eye(52), np.arange(52) / 3, task_index=own)
    sizes = [len(split.test["table"]) for split in FoldSplit(5).splits(data, 0)]
    assert sorted(sizes) == [10, 10, 10, 11, 11]


def test_one_row_for_each_fold():
    data = MultiTaskDataset.from_table({"x": range(14), "y": np.arange(14) / 3}, "y")
    splits = FoldSplit(14).splits(data, 0)
    assert [len(split.test["table"]) for split in splits] == [1] * 14


def test_the_seed_draws_folds():
    data = made()
    one, again, other = ([s.digest() for s in FoldSplit().splits(data, i)] for i in (3, 3, 4))
    assert one == again
    assert one != other
    first, second = (FoldSplit(repeats=2).splits(data, 0)[i] for i in (0, 5))
    assert first.digest() != second.digest()


def test_too_few_for_folds():
    with pytest.raises(DataError, match="2 groups, too few to split in 5 parts"):
        GroupFoldSplit("g").splits(
            MultiTaskDataset.from_table({"g": [0, 1] * 5, "x": range(10), "y": range(10)}, "y"), 0
        )
    with pytest.raises(ParameterError, match=r"`validation` parameter of FoldSplit must be less"):
        FoldSplit(2, validation=0.5)
    with pytest.raises(ParameterError, match="folds"):
        FoldSplit(1)


# ── time ──────────────────────────────────────────────────────────────────────
@given(
    st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=12, max_size=60),
    st.sampled_from([(0.2, 0.2), (0.5, 0.1), (0.3, 0.0), (0.0, 0.3)]),
)
def test_no_future_is_trained_on(when, shares):
    test, validation = shares
    known = {moment for moment in when if moment is not None}
    if len(known) < 3:
        return
    generator = np.random.default_rng(len(when))
    columns = {"x": generator.normal(size=len(when)), "when": when, "y": np.arange(len(when)) / 7}
    data = MultiTaskDataset.from_table(columns, "y")
    (split,) = TimeSplit("when", test=test, validation=validation).splits(data, 0)
    together = np.concatenate(parts_of(split))
    assert np.sort(together).tolist() == list(range(len(when)))
    times = [[when[row] for row in part if when[row] is not None] for part in parts_of(split)]
    assert [bool(part) for part in times] == [True, validation > 0, test > 0]
    ends = [(min(part), max(part)) for part in times if part]
    for (_, last), (first, _) in itertools.pairwise(ends):
        assert last < first  # rows of one time are in one part
    assert all(when[row] is not None for part in parts_of(split)[1:] for row in part)


def test_shares_are_met_as_near_as_ties_allow():
    when = np.repeat(np.arange(10), 10)
    data = MultiTaskDataset.from_table({"x": range(100), "when": when, "y": range(100)}, "y")
    (split,) = TimeSplit("when", test=0.24, validation=0.16).splits(data, 0)
    assert [len(part) for part in parts_of(split)] == [60, 20, 20]
    (split,) = TimeSplit("when", test=0.26, validation=0.01).splits(data, 0)
    assert [len(part) for part in parts_of(split)] == [60, 10, 30]


def test_one_time_at_least_is_trained_on():
    data = MultiTaskDataset.from_table(
        {"x": range(11), "when": [0, *[1] * 10], "y": range(11)}, "y"
    )
    (split,) = TimeSplit("when", test=0.0, validation=0.99).splits(data, 0)
    assert [len(part) for part in parts_of(split)] == [1, 10, 0]


DATES = [dt.date(2020, 1, 30) + dt.timedelta(days=7 * day) for day in range(20)]
FORMS = {
    "dates": DATES,
    "moments": [dt.datetime.combine(day, dt.time(3, 30)) for day in DATES],
    "iso": [day.isoformat() for day in DATES],
    "iso with time": [f"{day.isoformat()}T10:00:00" for day in DATES],
    "day first": [day.strftime("%d/%m/%Y") for day in DATES],
    "german": [day.strftime("%d.%m.%Y") for day in DATES],
    "month first": [day.strftime("%m/%d/%Y") for day in DATES],
    "numbers as text": [f" {day} " for day in range(90, 110)],
    "years": list(range(2001, 2021)),
    "nanoseconds": pl.Series([10**18 + i for i in range(20)]).cast(pl.Datetime("ns")),
    "categories": pl.Series([day.isoformat() for day in DATES], dtype=pl.Categorical),
}


@pytest.mark.parametrize("form", FORMS)
def test_time_in_every_form(form):
    order = np.random.default_rng(0).permutation(20)
    when = pl.Series("when", FORMS[form])[order]
    data = MultiTaskDataset.from_table({"x": range(20), "when": when, "y": order / 3}, "y")
    (split,) = TimeSplit("when").splits(data, 0)
    train, validation, test = parts_of(split)
    assert sorted(order[test]) == [16, 17, 18, 19]
    assert sorted(order[validation]) == [12, 13, 14, 15]
    assert sorted(order[train]) == list(range(12))


def test_time_across_sources():
    generator = np.random.default_rng(0)
    tables = {
        name: ({"x": generator.normal(size=10), name: range(10), "when": when}, np.arange(10) / 3)
        for name, when in (("a", np.arange(10)), ("b", np.arange(5, 15)))
    }
    data = MultiTaskDataset.from_per_task(tables)
    (split,) = TimeSplit("when", test=0.5, validation=0.1).splits(data, 0)
    assert split.test["a"].tolist() == [7, 8, 9]
    assert split.test["b"].tolist() == [2, 3, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    ("when", "sentence"),
    [
        (["2020-01-01", "soon"] * 10, "Got 'soon' in row 1"),
        ([True, False] * 10, "Got a column of booleans"),
        ([5] * 20, "holds 1 distinct time, too few to split in 3 parts"),
        ([None] * 19 + [3], "1 distinct time"),
    ],
)
def test_no_time_to_split_by(when, sentence):
    data = MultiTaskDataset.from_table({"x": range(20), "when": when, "y": range(20)}, "y")
    with pytest.raises(DataError, match=sentence):
        TimeSplit("when").splits(data, 0)


def test_an_unknown_time_column_is_guessed():
    with pytest.raises(DataError, match="Did you mean 'when'"):
        TimeSplit("wen").splits(made(), 0)


def test_rows_without_a_time_train_and_are_counted():
    columns = {"x": range(20), "when": [None, *range(19)], "y": range(20)}
    data = MultiTaskDataset.from_table(columns, "y")
    splitter = TimeSplit("when")
    assert 0 in splitter.splits(data, 0)[0].train["table"]
    assert "1 row has no time in 'when': they train" in splitter.prepared(data).notes


def test_groups_that_time_parts_are_counted():
    data = made(group="house")
    assert any("both before and after" in note for note in TimeSplit("when").prepared(data).notes)


def test_the_time_column_may_be_no_input():
    data = made()
    assert "when" in TimeSplit("when").prepared(data).sources[0].inputs.columns
    splitter = TimeSplit("when", as_input=False)
    assert "when" not in splitter.prepared(data).sources[0].inputs.columns
    assert splitter.columns == ("when",)


@pytest.mark.parametrize("splitter", [RandomSplit(), FoldSplit()], ids=str)
def test_a_random_split_of_dated_rows_is_noted(splitter):
    columns = {"x": range(20), "day": DATES, "y": range(20)}
    data = MultiTaskDataset.from_table(columns, "y")
    (note,) = [note for note in splitter.prepared(data).notes if "dates" in note]
    assert "'day'" in note
    assert "--split time:day" in note
    assert not any("rows carry dates" in n for n in TimeSplit("day").prepared(data).notes)
    assert not any("rows carry dates" in note for note in splitter.prepared(made()).notes)


# ── names ─────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("text", "splitter"),
    [
        ("time:when", TimeSplit("when")),
        ("time:when:0.3", TimeSplit("when", test=0.3)),
        ("time:a:b", TimeSplit("a:b")),
        ("folds", FoldSplit()),
        ("folds:5", FoldSplit(5)),
        ("folds:5x2", FoldSplit(5, 2)),
        ("folds:10x3", FoldSplit(10, 3)),
        ("group-folds:house", GroupFoldSplit("house")),
        ("group-folds:house:5", GroupFoldSplit("house", 5)),
        ("group_folds:house:4x2", GroupFoldSplit("house", 4, 2)),
        ("Group-Folds:a:b:4", GroupFoldSplit("a:b", 4)),
        ("group:house", GroupSplit("house")),
    ],
)
def test_splits_by_name(text, splitter):
    assert parse_split(text) == splitter
    assert from_json(json.loads(json.dumps(to_json(splitter)))) == splitter


@pytest.mark.parametrize(
    ("text", "error", "sentence"),
    [
        ("time", ParameterError, "names no column"),
        ("time:", ParameterError, "names no column"),
        ("group-folds", ParameterError, "names no column"),
        ("folds:many", ParameterError, "number of folds, such as folds:5"),
        ("folds:1", ParameterError, "number of folds of the split 'folds:1' must be an int in"),
        (
            "folds:5x0",
            ParameterError,
            "number of repetitions of the split 'folds:5x0' must be an int in",
        ),
        (
            "time:when:1.5",
            ParameterError,
            "'time:when:1.5' must give a share of test rows, from 0 to below 0.8",
        ),
        ("kfold:5", UnknownNameError, "Did you mean 'folds'"),
    ],
)
def test_wrong_names_of_splits(text, error, sentence):
    with pytest.raises(error, match=sentence):
        parse_split(text)


def test_a_class_in_place_of_a_split_has_a_remedy():
    with pytest.raises(ParameterError, match=r"Make an object of the class: TimeSplit\(column=…\)"):
        as_splitter("compare", TimeSplit, RandomSplit())
