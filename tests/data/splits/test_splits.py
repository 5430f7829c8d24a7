"""Ways to split: whole, disjoint, stratified, the same for the same seed."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from polytask._recipes import from_json, to_json
from polytask.data import (
    ColumnSplit,
    FixedSplit,
    FoldSplit,
    GroupSplit,
    MultiTaskDataset,
    RandomSplit,
    Split,
    find_split_column,
    parse_split,
    read,
    splits_of,
)
from polytask.data.splits._quotas import quotas, spread
from polytask.data.splits._stratify import stratify
from polytask.data.splits._stratify_groups import stratify_groups
from polytask.exceptions import DataError, ParameterError, TooFewRowsError, UnknownNameError
from polytask.tasks import Task

SHARES = (0.6, 0.2, 0.2)


def parts_of(split, source="table"):
    return [part[source] for part in (split.train, split.validation, split.test)]


def made(n=200, seed=0, **arguments):
    generator = np.random.default_rng(seed)
    rare = np.where(np.arange(n) < 7, "yes", "no").astype(object)
    rare[generator.random(n) < 0.3] = None
    rare[:7] = "yes"
    table = {
        "x": np.arange(n),
        "income": generator.choice(["low", "mid", "high"], n, p=[0.6, 0.3, 0.1]),
        "rare": rare,
        "score": np.where(generator.random(n) < 0.5, np.nan, generator.normal(size=n)),
        "house": generator.integers(0, n // 5, n),
        "set": generator.choice(["train", "Val", " TEST"], n),
    }
    return MultiTaskDataset.from_table(table, ["income", "rare", "score"], **arguments)


# ── the parts ─────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "splitter", [RandomSplit(), GroupSplit("house"), ColumnSplit("set")], ids=str
)
def test_every_row_is_in_one_part(splitter):
    data = made()
    (split,) = splitter.splits(data, seed=0)
    assert np.sort(np.concatenate(parts_of(split))).tolist() == list(range(data.n_rows))
    train, validation, test = split.apply(data)
    assert train.n_rows + validation.n_rows + test.n_rows == data.n_rows
    assert test.sources[0].row_ids.tolist() == split.test["table"].tolist()


@pytest.mark.parametrize("splitter", [RandomSplit(), GroupSplit("house")], ids=str)
def test_the_seed_decides(splitter):
    data = made()
    one, again, other = (splitter.splits(data, seed)[0].digest() for seed in (3, 3, 4))
    assert one == again
    assert one != other


@given(
    st.integers(6, 60),
    st.integers(0, 10),
    st.sampled_from([(0.2, 0.2), (0.5, 0.1), (0.3, 0.0), (0.0, 0.3)]),
)
def test_random_parts_have_their_sizes(n, seed, shares):
    test, validation = shares
    generator = np.random.default_rng(n)
    data = MultiTaskDataset.from_arrays(np.eye(n), generator.normal(size=(n, 2)))
    (split,) = RandomSplit(test=test, validation=validation).splits(data, seed)
    train, drawn, tested = parts_of(split)
    assert np.sort(np.concatenate([train, drawn, tested])).tolist() == list(range(n))
    assert [len(drawn), len(tested)] == pytest.approx([validation * n, test * n], abs=1.0)


@pytest.mark.parametrize("splitter", [RandomSplit(), FoldSplit(5), GroupSplit("a")], ids=str)
def test_few_events_are_in_every_part(splitter):
    generator = np.random.default_rng(0)
    columns = {
        "x": range(200),
        "a": generator.permutation(200),
        "time": generator.exponential(size=200),
        "event": generator.permutation([1] * 5 + [0] * 195),
    }
    task = Task("relapse", "survival", ("time", "event"))
    data = MultiTaskDataset.from_table(
        columns, [task], group="a" if isinstance(splitter, GroupSplit) else None
    )
    happened = np.array(columns["event"]) == 1
    for split in splitter.splits(data, seed=1):
        counts = [int(happened[part].sum()) for part in parts_of(split)]
        assert sum(counts) == 5
        assert min(counts) == 1


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.booleans()),
        min_size=30,
        max_size=120,
    ),
    st.integers(0, 5),
)
def test_every_class_has_its_share_of_every_part(rows, seed):
    one, other, known = map(list, zip(*rows, strict=True))
    if len(set(one)) < 2 or len({o for o, k in zip(other, known, strict=True) if k}) < 2:
        return
    table = {
        "x": range(len(rows)),
        "one": one,
        "other": [value if k else None for value, k in zip(other, known, strict=True)],
    }
    data = MultiTaskDataset.from_table(table, [Task("one", "binary"), Task("other", "multiclass")])
    if min(len(data.sources[0].labelled().rows(task)) for task in data.tasks.names) < 3:
        return
    (split,) = RandomSplit().splits(data, seed)
    for task in data.tasks.names:
        column = np.array(table[task], dtype=object)
        for label in {value for value in column if value is not None}:
            total = (column == label).sum()
            held = [(column[rows] == label).sum() for rows in parts_of(split)]
            assert np.abs(np.array(held) - np.array(SHARES) * total).max() <= 3
            if total >= 12:
                assert min(held) >= 1


def test_rare_classes_come_into_every_part():
    data = made()
    for seed in range(20):
        (split,) = RandomSplit().splits(data, seed)
        held = [(part < 7).sum() for part in parts_of(split)]
        assert min(held) >= 1
        assert held[0] >= 3


def test_a_class_of_one_row_is_trained_on():
    table = {"x": range(50), "y": ["odd"] + ["a", "b"] * 24 + ["a"]}
    data = MultiTaskDataset.from_table(table, [Task("y", "multiclass")])
    for seed in range(10):
        (split,) = RandomSplit().splits(data, seed)
        assert 0 in split.train["table"]


def test_own_rows_are_stratified_by_task():
    task = np.repeat([0, 1, 2], [5, 10, 100])
    data = MultiTaskDataset.from_arrays(np.eye(115), np.arange(115) / 7, task_index=task)
    (split,) = RandomSplit().splits(data, 0)
    held = np.array([np.bincount(task[rows], minlength=3) for rows in parts_of(split)])
    np.testing.assert_array_equal(held, [[3, 6, 60], [1, 2, 20], [1, 2, 20]])


def test_every_source_is_split():
    generator = np.random.default_rng(0)
    data = MultiTaskDataset.from_per_task(
        {
            "a": (generator.normal(size=(10, 2)), generator.normal(size=10)),
            "b": (generator.normal(size=(20, 3)), generator.normal(size=20)),
        }
    )
    (split,) = RandomSplit().splits(data, 0)
    assert [len(rows) for rows in parts_of(split, "a")] == [6, 2, 2]
    assert [len(rows) for rows in parts_of(split, "b")] == [12, 4, 4]


def test_many_sparse_tasks_are_balanced():
    generator = np.random.default_rng(0)
    Y = (generator.random((500, 60)) < generator.uniform(0.05, 0.5, 60)).astype(float)
    Y[generator.random(Y.shape) < 0.7] = np.nan
    data = MultiTaskDataset.from_arrays(
        np.eye(500)[:, :3], Y, [Task(f"t{k}", "binary") for k in range(60)]
    )
    (split,) = RandomSplit().splits(data, 0)
    for label in (0, 1):
        held = np.array([(Y[rows] == label).sum(axis=0) for rows in parts_of(split)])
        assert (held > 0)[:, held.sum(axis=0) >= 6].all()
    plain = np.random.default_rng(1).permutation(500)[:100]
    positives = (Y == 1).sum(axis=0)
    stratified = np.abs((Y[split.test["table"]] == 1).sum(axis=0) - positives / 5).mean()
    assert stratified < 0.6 * np.abs((Y[plain] == 1).sum(axis=0) - positives / 5).mean()


# ── groups ────────────────────────────────────────────────────────────────────
@given(st.lists(st.integers(0, 8), min_size=12, max_size=80), st.integers(0, 5))
def test_groups_stay_whole(groups, seed):
    if len(set(groups)) < 3:
        return
    data = MultiTaskDataset.from_table(
        {"x": range(len(groups)), "y": np.arange(len(groups)) / 3, "g": groups}, ["y"], group="g"
    )
    (split,) = RandomSplit().splits(data, seed)
    parts = [{groups[row] for row in rows} for rows in parts_of(split)]
    assert all(parts)
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]


def test_groups_keep_shares_and_classes():
    data = made(n=1000, group="house")
    (split,) = RandomSplit().splits(data, 0)
    sizes = [len(rows) / 1000 for rows in parts_of(split)]
    assert sizes == pytest.approx(SHARES, abs=0.02)
    labels = np.array(data.sources[0].labelled().columns("income")["income"])
    for label in ("low", "mid", "high"):
        held = [(labels[rows] == label).mean() for rows in parts_of(split)]
        assert held == pytest.approx([(labels == label).mean()] * 3, abs=0.03)


def test_a_group_column_is_no_input_and_its_groups_remain():
    data = made()
    splitter = GroupSplit("house")
    prepared = splitter.prepared(data)
    assert splitter.excluded == ("house",)
    assert "house" not in prepared.sources[0].inputs.columns
    assert (prepared.sources[0].groups + 1).tolist() == data.sources[0].inputs["house"].rank(
        "dense"
    ).to_list()
    assert (
        GroupSplit("house").splits(prepared, 0)[0].digest() == splitter.splits(data, 0)[0].digest()
    )
    assert GroupSplit().splits(prepared, 0)[0].digest() == splitter.splits(data, 0)[0].digest()


def test_groups_that_are_tasks_leave_tasks_without_training_rows():
    table = {"x": range(12), "y": np.arange(12) / 5, "school": [1, 2, 3, 4] * 3}
    data = MultiTaskDataset.from_long(table, "y", "school")
    with pytest.raises(
        DataError, match=r"No training row of the split is labelled for the tasks? '\d'"
    ):
        GroupSplit("school").splits(data, 0)


# ── a column ──────────────────────────────────────────────────────────────────
def test_a_column_says_which_part():
    data = made()
    (split,) = ColumnSplit("set").splits(data, 0)
    column = data.sources[0].inputs["set"].to_numpy()
    for rows, word in zip(parts_of(split), ["train", "Val", " TEST"], strict=True):
        assert set(column[rows]) == {word}
    assert "set" not in ColumnSplit("set").prepared(data).sources[0].inputs.columns


@pytest.mark.parametrize("word", ["validation", "val", "valid", "dev", "VALID"])
def test_words_for_validation(word):
    data = MultiTaskDataset.from_table(
        {"x": [1, 2, 3, 4], "y": [0.5, 1.5, 2.5, 3.5], "set": ["train", "training", word, "test"]},
        ["y"],
    )
    (split,) = ColumnSplit("set").splits(data, 0)
    assert [rows.tolist() for rows in parts_of(split)] == [[0, 1], [2], [3]]


def test_validation_rows_are_drawn_where_the_column_names_none():
    data = MultiTaskDataset.from_table(
        {"x": range(20), "y": np.arange(20) / 7, "set": ["train"] * 10 + ["test"] * 10}, ["y"]
    )
    (split,) = ColumnSplit("set").splits(data, 0)
    train, validation, test = parts_of(split)
    assert (len(train), len(validation), test.tolist()) == (8, 2, list(range(10, 20)))
    assert split.digest() != ColumnSplit("set").splits(data, 1)[0].digest()
    (none,) = ColumnSplit("set", validation=0.0).splits(data, 0)
    assert [len(rows) for rows in parts_of(none)] == [10, 0, 10]
    words = ["train"] * 15 + ["validation"] * 5
    data = MultiTaskDataset.from_table({"x": range(20), "y": np.arange(20) / 7, "set": words}, "y")
    (untested,) = ColumnSplit("set").splits(data, 0)
    assert [len(rows) for rows in parts_of(untested)] == [15, 5, 0]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["train", "holdout", "test", "test"],
            r"must say train, validation or test in every row\. Got 'holdout' in row 1",
        ),
        (["train", "train", None, "test"], r"Got None in row 2"),
        (["test", "val", "val", "test"], r"No row of the split column 'set' says 'train'"),
    ],
)
def test_bad_split_columns(words, sentence):
    data = MultiTaskDataset.from_table(
        {"x": [1, 2, 3, 4], "y": [0.5, 1.5, 2.5, 3.5], "set": words}, ["y"]
    )
    with pytest.raises(DataError, match=sentence):
        ColumnSplit("set").splits(data, 0)


# ── given ─────────────────────────────────────────────────────────────────────
def given_split(train, test, validation=()):
    arrays = ({"table": np.array(rows, dtype=np.int64)} for rows in (train, validation, test))
    return Split(*arrays, name="published")


def test_given_splits_keep_their_rows_and_draw_validation():
    data = MultiTaskDataset.from_arrays(
        np.eye(20), np.arange(20) / 7, task_index=np.repeat([0, 1], 10)
    )
    given_splits = (given_split(range(0, 20, 2), range(1, 20, 2)), given_split([0, 10], [1], [2]))
    one, other = FixedSplit(given_splits).splits(data, 0)
    train, validation, test = parts_of(one)
    assert test.tolist() == list(range(1, 20, 2))
    assert sorted([*train, *validation]) == list(range(0, 20, 2))
    assert [(validation < 10).sum(), (validation >= 10).sum()] == [1, 1]
    assert [rows.tolist() for rows in parts_of(other)] == [[0, 10], [2], [1]]
    assert [one.fold, other.fold] == [0, 1]
    assert (
        FixedSplit(given_splits).splits(data, 1)[0].validation["table"].tolist()
        != validation.tolist()
    )


@pytest.mark.parametrize(
    ("split", "sentence"),
    [
        (
            given_split([0, 1], [1, 2]),
            r"Split 'published' names row 1 of source 'table' more than once",
        ),
        (
            given_split([0, 1], [9]),
            r"Split 'published' names row 9 of source 'table', which has 4 rows",
        ),
        (given_split([-1, 1], [2]), r"names row -1"),
    ],
)
def test_bad_given_splits(split, sentence):
    data = MultiTaskDataset.from_arrays(np.eye(4), np.arange(4) / 3)
    with pytest.raises(DataError, match=sentence):
        FixedSplit((split,)).splits(data, 0)


# ── too few ───────────────────────────────────────────────────────────────────
def test_too_few_labelled_rows():
    table = {"x": range(20), "y": np.arange(20) / 3, "few": [1.5, 2.5] + [None] * 18}
    data = MultiTaskDataset.from_table(table, ["y", "few"])
    with pytest.raises(
        DataError, match=r"Task 'few' has 2 labelled rows, too few to split in 3 parts: at least 3"
    ):
        RandomSplit().splits(data, 0)
    RandomSplit(validation=0.0).splits(data, 0)


def small_task(layout):
    """A task of 20 rows and a task of two, beside each other or below each other."""
    if layout == "wide":
        table = {"x": range(20), "a": np.arange(20) / 3, "few": [1.5, 2.5] + [None] * 18}
        return MultiTaskDataset.from_table(table | {"part": PARTS}, ["a", "few"])
    table = {"x": range(22), "y": np.arange(22) / 3, "task": ["a"] * 20 + ["few"] * 2}
    return read(table | {"part": [*PARTS, "test", "test"]}, target="y", task_column="task")


PARTS = ["test"] * 6 + ["train"] * 14
FEW = "few: left out, with too few labelled rows to split in 3 parts"
ABSENT = "few: left out, with no labelled training row in the split"


@pytest.mark.parametrize("layout", ["wide", "long"])
@pytest.mark.parametrize(
    ("splitter", "note"), [(RandomSplit(), FEW), (ColumnSplit("part"), ABSENT)]
)
def test_a_task_too_small_to_split_is_left_out(layout, splitter, note):
    data, (split,), notes = splits_of(small_task(layout), splitter, 0)
    assert (data.tasks.names, notes) == (("a",), (note,))
    assert sum(len(rows["table"]) for rows in (split.train, split.validation, split.test)) == 20


def test_no_task_is_left_out_of_rows_that_were_given():
    train, validation, test = ({"table": rows} for rows in np.split(np.arange(3, 20), [13, 15]))
    with pytest.raises(TooFewRowsError, match="No training row of the split is labelled"):
        splits_of(small_task("wide"), FixedSplit((Split(train, validation, test),)), 0)


def test_a_task_large_enough_must_be_primary():
    data = MultiTaskDataset.from_table(
        {"x": range(9), "y": [1.5, *[None] * 8], "z": np.arange(9) / 3},
        [Task("y", "regression"), Task("z", "regression", role="auxiliary")],
    )
    with pytest.raises(TooFewRowsError, match="Task 'y' has 1 labelled row, too few"):
        splits_of(data, RandomSplit(), 0)


def two_sources(n_rows):
    tables = {
        "a": ({"x": np.arange(30.0)}, np.arange(30) / 3),
        "b": ({"x": np.arange(n_rows * 1.0)}, np.arange(n_rows) / 3),
    }
    return MultiTaskDataset.from_per_task(tables)


def test_a_source_too_small_to_split():
    data, _, notes = splits_of(two_sources(2), RandomSplit(), 0)
    assert data.tasks.names == ("a",)
    assert notes == ("b: left out, with too few labelled rows to split in 3 parts",)


def test_a_task_that_other_sources_carry_is_not_left_out():
    large, small = (one.sources[0] for one in (two_sources(9), two_sources(9)))
    small = replace(small, name="small").take(np.arange(2))
    data = replace(two_sources(9), sources=(large, small))
    data = replace(data, tasks=large.tasks)
    with pytest.raises(TooFewRowsError, match="Source 'small' has 2 rows, too few") as caught:
        splits_of(data, RandomSplit(), 0)
    assert caught.value.tasks == ()


class Hopeless(RandomSplit):
    """Never content, and names no task."""

    def splits(self, dataset, seed):
        raise TooFewRowsError("too few")


def test_a_splitter_that_names_no_task_is_asked_once():
    with pytest.raises(TooFewRowsError, match="too few"):
        splits_of(small_task("wide"), Hopeless(), 0)


def test_what_was_left_out_is_said_where_the_rest_cannot_be_split():
    table = {"x": range(22), "y": np.arange(22) / 3, "task": ["a"] * 20 + ["few"] * 2}
    data = read(table, target="y", task_column="task", group="task")
    with pytest.raises(TooFewRowsError, match=r"1 group, too few .* \(few: left out, with too few"):
        splits_of(data, GroupSplit("task"), 0)


def test_too_few_groups():
    data = MultiTaskDataset.from_table(
        {"x": range(6), "y": np.arange(6) / 3, "g": [0, 1] * 3}, ["y"]
    )
    with pytest.raises(
        DataError, match=r"Source 'table' has 2 groups, too few to split in 3 parts: at least 3"
    ):
        GroupSplit("g").splits(data, 0)
    with pytest.raises(
        DataError, match=r"group column 'gg' is not an input column\. Did you mean 'g'"
    ):
        GroupSplit("gg").splits(data, 0)
    with pytest.raises(DataError, match=r"^The rows have no groups\. Name their column"):
        GroupSplit().splits(data, 0)
    with pytest.raises(
        DataError, match=r"split column 'gg' is not an input column\. Did you mean 'g'"
    ):
        ColumnSplit("gg").splits(data, 0)


# ── words ─────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("text", "splitter"),
    [
        ("random", RandomSplit()),
        ("random:0.3", RandomSplit(test=0.3)),
        ("group:house", GroupSplit("house")),
        ("column:set:2", ColumnSplit("set:2")),
        ("Column:set", ColumnSplit("set")),
    ],
)
def test_splits_are_parsed(text, splitter):
    assert parse_split(text) == splitter


@pytest.mark.parametrize(
    ("text", "error", "sentence"),
    [
        ("randm:0.2", UnknownNameError, r"no split named 'randm'\. Did you mean 'random'\?"),
        (
            "random:a",
            ParameterError,
            r"'random:a' must give a share of test rows, from 0 to below 0\.8",
        ),
        (
            "random:1.5",
            ParameterError,
            r"'random:1\.5' must give a share of test rows, from 0 to below 0\.8",
        ),
        (
            "random:0.9",
            ParameterError,
            r"'random:0\.9' must give a share of test rows, from 0 to below 0\.8, since 0\.2 of the",
        ),
        (
            "group",
            ParameterError,
            r"The split 'group' names no column\. Write random:0.2, group:COLUMN",
        ),
        ("column:", ParameterError, r"The split 'column:' names no column"),
    ],
)
def test_bad_words(text, error, sentence):
    with pytest.raises(error, match=sentence):
        parse_split(text)


@pytest.mark.parametrize(
    "splitter", [RandomSplit(0.1), GroupSplit("a", 0.1, 0.3), ColumnSplit("b")], ids=str
)
def test_splitters_go_through_json(splitter):
    assert from_json(json.loads(json.dumps(to_json(splitter)))) == splitter


# ── the maths ─────────────────────────────────────────────────────────────────
share_lists = st.lists(st.floats(0.01, 1), min_size=1, max_size=4).map(
    lambda s: np.array(s) / sum(s)
)


@given(st.integers(0, 200), share_lists)
def test_quotas_sum_up_and_leave_none_out(count, shares):
    whole = quotas(count, shares)
    assert whole.sum() == count
    assert (whole >= 0).all()
    if count >= len(shares):
        assert (whole >= 1).all()
    assert np.abs(whole - count * shares).max() < 1 + (count * shares < 1).sum()


@given(st.lists(st.integers(0, 20), min_size=1, max_size=4), st.integers(0, 5))
def test_spread_is_even(counts, seed):
    counts = np.array(counts)
    parts = spread(counts, np.random.default_rng(seed))
    np.testing.assert_array_equal(np.bincount(parts, minlength=len(counts)), counts)
    half = np.bincount(parts[: len(parts) // 2], minlength=len(counts))
    assert np.abs(half - counts / 2).max(initial=0) <= 2


@given(st.integers(1, 40), st.integers(0, 6), share_lists, st.integers(0, 3))
def test_any_strata_give_every_row_a_part(n_rows, n_strata, shares, seed):
    generator = np.random.default_rng(seed)
    strata = sparse.csr_array((generator.random((n_rows, n_strata)) < 0.3).astype(np.float64))
    part = stratify(strata, shares, generator)
    assert part.min() >= 0
    assert part.max() < len(shares)
    if n_rows >= len(shares):
        group = np.arange(n_rows)
        grouped = stratify_groups(group, strata, shares, generator)
        assert len(np.unique(grouped)) == len(shares)


def test_groups_stay_whole_across_sources():
    generator = np.random.default_rng(0)
    people = [f"p{number}" for number in np.arange(60) % 20]
    pairs = {
        name: ({column: generator.normal(size=60), "person": people}, generator.normal(size=60))
        for name, column in (("height", "a"), ("mood", "b"))
    }
    data = MultiTaskDataset.from_per_task(pairs, kinds="regression")
    splitter = GroupSplit("person")
    for seed in range(5):
        (split,) = splitter.splits(data, seed)
        parts = [
            {people[row] for rows in part.values() for row in rows}
            for part in (split.train, split.validation, split.test)
        ]
        assert sum(map(len, parts)) == len(set().union(*parts)) == 20
    first, second = (source.groups for source in splitter.prepared(data).sources)
    np.testing.assert_array_equal(first, second)


def test_group_columns_that_cannot_be_compared():
    days = np.arange("2020-01-01", "2020-01-31", dtype="datetime64[D]")
    pairs = {
        name: ({column: np.arange(30.0), "person": who}, np.arange(30.0))
        for name, column, who in (("height", "a", days), ("mood", "b", np.tile([True, False], 15)))
    }
    data = MultiTaskDataset.from_per_task(pairs, kinds="regression")
    with pytest.raises(DataError, match=r"Column 'person' must name groups alike in all sources"):
        GroupSplit("person").splits(data, 0)


def test_a_column_of_parts_is_found_only_if_it_is_the_only_one():
    parts = pl.DataFrame({"x": [1.0, 2.0, 3.0], "set": ["Train", "TEST", "dev"]})
    assert find_split_column(parts) == "set"
    assert find_split_column(parts.with_columns(again=pl.col("set"))) is None
    assert find_split_column(parts.with_columns(set=pl.Series(["train", None, "test"]))) is None
    assert find_split_column(pl.DataFrame({"stage": ["train", "validation", "train"]})) is None
    assert find_split_column(pl.DataFrame({"stage": ["train", "test", "car"]})) is None


def test_many_tasks_with_too_few_rows_are_named_in_short():
    table = {"x": range(90), "y": [float(row) for row in range(90)], "who": list(range(90))}
    data = MultiTaskDataset.from_long(table, "y", "who", kind="regression")
    with pytest.raises(
        DataError, match=r"^90 tasks have .*'4' \(1\) and 85 more, too few"
    ) as error:
        RandomSplit().splits(data, 0)
    assert len(str(error.value)) < 250


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("folds:1000000000", "number of folds of the split"),
        ("folds:5x1000000000", "number of repetitions of the split"),
        ("folds:1000x11", "at most 10 with folds=1000"),
        ("group-folds:house:1000000000", "number of folds of the split"),
    ],
)
def test_more_folds_than_anybody_waits_for(text, words):
    with pytest.raises(ParameterError, match=words):
        parse_split(text)
