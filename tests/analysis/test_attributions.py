"""Which columns a task looks at: planted columns are found, chance is not."""

import sys
import warnings
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch

import polytask
from polytask.analysis import (
    Attributions,
    IntegratedGradients,
    PermutationImportance,
    _path_points,
    _permutation_importance,
    attribute,
)
from polytask.analysis._network_gradients import NetworkGradients
from polytask.analysis._overlap import shares_of
from polytask.analysis._permutation_importance import shuffled_rows
from polytask.architectures import CrossStitch, HardSharing
from polytask.bookkeeping import Budget
from polytask.data import SourceBatch
from polytask.encoders import LSTM, MLP
from polytask.exceptions import (
    MissingDependencyError,
    ParameterError,
    UnknownNameError,
    UnservedNeedError,
)
from polytask.training._score import source_scores

NETWORK, BUDGET = HardSharing(MLP((16,))), Budget(steps=300)
CITIES = {"Rome": -1.0, "Oslo": 0.0, "Lima": 1.0, "Bern": 2.0}


def planted(n_rows=160, seed=0):
    """Tasks `one` and `two` depend on the city and x0, `other` on x2; x1 and x3 do not matter."""
    draw = np.random.default_rng(seed)
    table = {f"x{i}": draw.normal(size=n_rows) for i in range(4)}
    table["city"] = draw.choice(list(CITIES), n_rows)
    effect = np.array([CITIES[city] for city in table["city"]])
    table["one"] = effect + table["x0"] + 0.3 * draw.normal(size=n_rows)
    table["two"] = effect - table["x0"] + 0.3 * draw.normal(size=n_rows)
    table["other"] = (table["x2"] + 0.3 * draw.normal(size=n_rows) > 0).astype(int)
    return polytask.read(pl.DataFrame(table), ["one", "two", "other"])


TRUE = {("one", "city"), ("one", "x0"), ("two", "city"), ("two", "x0"), ("other", "x2")}


@pytest.fixture(scope="module")
def linear():
    return attribute(planted(), "linear", method=PermutationImportance(2), folds=2, seeds=2)


@pytest.fixture(scope="module")
def gradients():
    method = IntegratedGradients(n_steps=8, n_rows=100)
    return attribute(planted(300), NETWORK, method=method, folds=2, seeds=1, budget=BUDGET)


def found(record):
    frame = record.to_frame().filter(pl.col("share") > 0)
    return set(zip(frame["task"], frame["column"], strict=True))


def test_shuffling_finds_the_columns_that_matter_and_hardly_any_other(linear):
    assert found(linear) >= TRUE
    assert linear.shares[linear.tasks.index("other"), linear.columns.index("x2")] > 0.9
    wrong = [
        row["share"]
        for row in linear.to_frame().to_dicts()
        if (row["task"], row["column"]) not in TRUE and row["share"] is not None
    ]
    assert max(wrong) < 0.05


def test_a_column_of_categories_is_one_column_however_it_is_encoded(linear):
    assert linear.columns == ("x0", "x1", "x2", "x3", "city")


def test_related_tasks_look_at_the_same_columns_and_unrelated_ones_do_not(linear):
    overlap = linear.overlap
    assert overlap[0, 1] > 0.8
    assert max(overlap[0, 2], overlap[1, 2]) < 0.1
    assert np.allclose(np.diag(overlap), 1)


def test_intervals_hold_the_importance_and_p_values_tell_chance_from_columns(linear):
    frame = linear.to_frame()
    assert (frame["low"] <= frame["importance"]).all()
    assert (frame["importance"] <= frame["high"]).all()
    shown = frame.filter(pl.col("p_corrected") < 0.05, pl.col("importance") > 0)
    assert set(zip(shown["task"], shown["column"], strict=True)) <= TRUE


def test_intervals_of_models_without_chance_hold_what_other_training_rows_would_change(monkeypatch):
    def measured():
        method = PermutationImportance(1)
        return attribute(planted(60), "linear", method=method, columns=["x0"], folds=2, seeds=1)

    wide = measured()
    monkeypatch.setattr(_permutation_importance, "models_on_common_rows", lambda _: [])
    narrow = measured()
    assert wide.importance == narrow.importance
    assert (wide.error, wide.p) == (narrow.error, narrow.p)
    widths = [np.array(one.high) - np.array(one.low) for one in (wide, narrow)]
    assert (widths[0] > 1.05 * widths[1]).all()


@pytest.mark.slow
def test_the_record_says_that_intervals_of_networks_leave_out_training_rows():
    method = PermutationImportance(1)
    record = attribute(
        planted(60), NETWORK, method=method, folds=2, seeds=2, budget=Budget(steps=3)
    )
    assert "they leave out what other training rows would change." in record.words


@pytest.mark.slow
def test_trees_are_measured_too():
    record = attribute(
        planted(), "gradient_boosting", method=PermutationImportance(2), folds=2, seeds=1
    )
    assert record.top(1) == ("city",)
    assert (
        "Every row was predicted by one model" not in record.words
    )  # intervals hold training rows


@pytest.mark.slow
def test_gradients_find_the_columns_that_matter_and_have_no_p_values(gradients):
    for i, task in enumerate(gradients.tasks):
        mine = [gradients.columns.index(column) for own, column in TRUE if own == task]
        others = [j for j in range(5) if j not in mine]
        assert gradients.matrix[i, mine].min() > 1.5 * gradients.matrix[i, others].max()
    overlap = gradients.overlap
    assert overlap[0, 1] > 0.7
    assert max(overlap[0, 2], overlap[1, 2]) < overlap[0, 1] - 0.2
    assert all(p is None for row in gradients.p for p in row)
    assert gradients.scales["one"] == "score"


def with_steps(n_rows=40):
    """A number, a category, a text and a sequence of each row; some texts are empty."""
    draw = np.random.default_rng(0)
    words = [draw.choice(["red", "good", "bad"], draw.integers(0, 5)) for _ in range(n_rows)]
    table = {
        "x0": draw.normal(size=n_rows),
        "city": draw.choice(list(CITIES), n_rows),
        "note": [" ".join(own) for own in words],
        "steps": [draw.normal(size=draw.integers(1, 5)).tolist() for _ in range(n_rows)],
    }
    table["one"] = table["x0"] + np.array(["good" in own for own in words])
    table["two"] = [sum(steps) for steps in table["steps"]]
    columns = {"note": "text", "steps": "sequence"}
    targets = ["one:regression", "two:regression"]
    return polytask.read(pl.DataFrame(table), targets, columns=columns)


def gap_of_sums(data, learner, task, n_steps=64):
    """How far attributions are from adding up to the differences of scores, and their names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # which settings suit an encoder
        fitted = polytask.fit(data, learner, budget=Budget(steps=10))
    (source,) = data.sources
    rows = source.rows_of(task)
    gradients = NetworkGradients(fitted, source.name, task, n_steps)
    pair = [source.take(rows[:6]), source.take(rows[6:12])]
    gradients.network.eval()
    parts = gradients._of_pairs(*pair)
    batches = [gradients._encoded(own) for own in pair]
    scores = [
        gradients._of_task(source_scores(gradients.network, source.name, own), own)[:, 0]
        for own in batches
    ]
    difference = (scores[0] - scores[1]).detach().numpy()
    return np.abs(sum(parts.values()) - difference).max() / np.abs(difference).max(), set(parts)


SMALL_LSTM = HardSharing(LSTM(4, word_dim=3))


@pytest.mark.parametrize(
    "learner",
    [HardSharing(MLP((8,))), SMALL_LSTM, CrossStitch(MLP((4,)))],
    ids=["mlp", "lstm", "own"],
)
def test_attributions_of_words_and_steps_add_up_to_the_difference_of_scores(learner):
    gap, columns = gap_of_sums(with_steps(), learner, "one")
    assert columns == {"x0", "city", "note", "steps"}
    assert gap < 0.02


@pytest.mark.slow
@pytest.mark.parametrize(
    "learner",
    [
        *[f"hard_sharing+{name}" for name in ("ft_transformer", "gru", "n_gram_bag", "tab_m")],
        *["separate", "single_task", "ple", "mtan"],
    ],
)
def test_attributions_add_up_in_networks_of_every_kind(learner):
    gap, columns = gap_of_sums(with_steps(), learner, "two", 128)
    assert columns == {"x0", "city", "note", "steps"}
    assert gap < 0.05


@pytest.mark.slow
def test_attributions_add_up_where_each_row_has_one_task_with_embeddings_of_its_own():
    (source,) = with_steps().sources
    table = source.inputs.drop("steps").with_columns(
        y=pl.col("x0") * 2, task=pl.Series(["a", "b"] * 20)
    )
    data = polytask.read(table, target="y", task_column="task", kind="regression")
    gap, _ = gap_of_sums(data, CrossStitch(MLP((4,))), "b")
    assert gap < 0.02


class Reader(torch.nn.Module):
    """Reads two parts in one look-up."""

    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(9, 2)

    def forward(self, codes):
        return self.table(torch.cat([codes["text:a"], codes["text:b"]], dim=1)).sum()


@pytest.mark.usefixtures("unchecked_types")
def test_words_that_no_module_reads_alone_are_refused_in_one_sentence(monkeypatch):
    monkeypatch.setattr(
        _path_points, "source_scores", lambda network, _, batch: network(batch.inputs)
    )
    inputs = {f"text:{name}": torch.ones(2, 3, dtype=torch.int32) for name in "ab"}
    with pytest.raises(UnservedNeedError, match=r"no module reads text:a and text:b alone\. Take"):
        _path_points.PathPoints(Reader(), "table", SourceBatch(inputs))


def test_a_fitted_model_is_measured_on_the_given_rows_and_stays_as_it_was():
    data = planted(80)
    fitted = polytask.fit(planted(160, seed=1), "linear")
    before = fitted.predict(data)["one"].response
    record = attribute(data, fitted, columns=["x0", "x3"])
    assert record.columns == ("x0", "x3")
    assert record.measured == "the given rows"
    assert "Every row was predicted by one model" in record.words
    assert record.matrix[0, 0] > 10 * abs(record.matrix[0, 1])
    assert np.array_equal(fitted.predict(data)["one"].response, before)


def test_equal_seeds_give_equal_records():
    first, second = (
        attribute(planted(60), "linear", folds=2, seeds=1, columns=["x0"]) for _ in range(2)
    )
    assert first.importance == second.importance


@pytest.mark.slow
def test_columns_of_several_sources_matter_to_their_own_tasks_alone():
    draw = np.random.default_rng(0)
    red, white = ({"acid": draw.normal(size=60), "sugar": draw.normal(size=60)} for _ in range(2))
    red["taste"] = red["acid"] + 0.1 * draw.normal(size=60)
    white["price"] = white["sugar"] + 0.1 * draw.normal(size=60)
    data = polytask.MultiTaskDataset.from_sources(
        {"red": red, "white": white}, ["taste:regression", "price:regression"]
    )
    record = attribute(data, "hard_sharing", folds=2, seeds=1, budget=Budget(steps=80))
    assert record.columns == ("red/acid", "red/sugar", "white/acid", "white/sugar")
    matrix = record.matrix
    assert np.isnan(matrix[0, 2:]).all()
    assert np.isnan(matrix[1, :2]).all()
    assert matrix[0].tolist()[0] > 0.5 > matrix[0, 1]
    assert record.overlap[0, 1] == 0


def test_cells_of_a_group_are_shuffled_together_and_tasks_apart():
    groups = np.repeat(np.arange(6), 5)
    table = {"of_group": groups * 1.0, "own": np.arange(30.0), "y": np.arange(30.0)}
    data = polytask.MultiTaskDataset.from_table(table, "y:regression", group=groups)
    (source,) = data.sources
    draw = np.random.default_rng(0)
    taken = shuffled_rows(source, "of_group", draw)
    cells = table["of_group"][taken]
    assert all(len(set(cells[groups == group])) == 1 for group in range(6))
    assert sorted(cells) == sorted(table["of_group"])
    assert not np.array_equal(cells, table["of_group"])
    assert len({*shuffled_rows(source, "own", draw)}) == 30
    long = {"x": np.arange(20.0), "y": np.arange(20.0), "task": ["a", "b"] * 10}
    (apart,) = polytask.MultiTaskDataset.from_long(long, "y", "task", kind="regression").sources
    taken = shuffled_rows(apart, "x", draw)
    assert np.array_equal(apart.task_index[taken], apart.task_index)


def test_a_record_goes_through_plain_values(linear):
    assert Attributions.from_dict(linear.to_dict()) == linear
    assert str(linear).startswith("share, % | of …")
    assert "Task one looks at city" in linear.words


def test_words_leave_names_as_they_are_and_columns_without_a_share_out(linear):
    names = ("price €", "b", "c", "d", "e")
    rows = ((2.0, 1.0, 1e-9), *[(1.0, 0.0, 0.0)] * 4)
    record = replace(
        linear,
        tasks=names,
        columns=("x", "y", "z"),
        importance=rows,
        p=((0.001,) * 3,) * 5,
        low=rows,
        high=rows,
        error=((0.0,) * 3,) * 5,
    )
    assert "Task price € looks at x (67 %) and y (33 %); b looks at x (100 %);" in record.words
    assert "; the table has 1 more task." in record.words


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"columns": ["x9"]}, UnknownNameError, "no input column named 'x9'. Did you mean"),
        ({"columns": []}, ParameterError, "at least one name of an input column"),
        ({"method": "shapley"}, UnknownNameError, "no method of attribution named 'shapley'"),
        ({"method": "integrated_gradients"}, ParameterError, "must be a network, since its"),
        ({"folds": 1}, ParameterError, "`folds` parameter"),
    ],
)
def test_bad_arguments_are_refused_in_one_sentence(options, error, words):
    with pytest.raises(error, match=words):
        attribute(planted(40), "linear", **{"folds": 2, "seeds": 1, **options})


@pytest.mark.parametrize(
    ("options", "fits"), [({"columns": ["x9"]}, 0), ({"method": "integrated_gradients"}, 1)]
)
def test_what_cannot_be_measured_is_refused_before_all_models_are_fitted(options, fits):
    done = []
    with pytest.raises(ParameterError if fits else UnknownNameError):
        attribute(planted(40), "linear", folds=4, seeds=2, advance=done.append, **options)
    assert len(done) == fits


def test_a_column_that_makes_predictions_worse_has_no_share_even_without_standard_errors():
    importance, none = np.array([[3.0, -1.0, 1.0]]), np.full((1, 3), np.nan)
    assert shares_of(importance, none).tolist() == [[0.75, 0.0, 0.25]]
    assert shares_of(importance, np.array([[1.0, np.nan, 1.2]])).tolist() == [[1.0, 0.0, 0.0]]


def test_without_captum_its_installation_is_told_before_anything_is_fitted(monkeypatch):
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'polytask\[explain\]'"):
        attribute(planted(40), NETWORK, method="integrated_gradients")
