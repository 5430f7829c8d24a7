"""Kinds that take a text, rows that are labelled as a whole, and the choice of estimators."""

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet, LinearRegression, Ridge
from users_kinds_with_text import Ratio

import polytask
from polytask import Task
from polytask.data import named_tasks
from polytask.data.dataset._target_texts import TargetPart, read_target
from polytask.exceptions import DataError, ParameterError
from polytask.learners import PerTaskEstimator, PooledEstimator
from polytask.learners._estimators import estimator_for
from polytask.tasks import Regression, named_kind
from polytask.testing import check_kind

RNG = np.random.default_rng(0)
X = RNG.normal(size=60)
UNITS = RNG.uniform(0.5, 4.0, 60)
TABLE = {"x": X, "total": (3.0 + X) * UNITS, "units": UNITS}


@pytest.fixture
def public_ratio(monkeypatch):
    """`Ratio` as if it were a public kind."""
    monkeypatch.setattr("polytask.tasks.Ratio", Ratio, raising=False)
    monkeypatch.setattr("polytask.tasks.__all__", [*polytask.tasks.__all__, "Ratio"])


def columns(n_rows=40):
    generator = np.random.default_rng(1)
    total, units = generator.normal(size=n_rows), generator.uniform(1, 2, n_rows)
    total[3] = units[3] = units[5] = np.nan
    return {"total": total, "units": units}


@pytest.mark.parametrize("answers", [1, 3])
def test_common_checks(answers):
    check_kind(Ratio(answers), columns=columns())


@pytest.mark.usefixtures("public_ratio")
@pytest.mark.parametrize("text", ["ratio:3", "Ratio: 3", "RATIO:3"])
def test_a_text_after_the_name(text):
    assert named_kind(text) == Task("a", text).kind == Ratio(3)


@pytest.mark.usefixtures("public_ratio")
def test_a_kind_with_a_text_needs_none():
    assert named_kind("ratio") == Ratio()


@pytest.mark.usefixtures("public_ratio")
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ratio:", "must be a whole number. Got ''"),
        ("ratio:many", "must be a whole number. Got 'many'"),
        ("binary:1", "The kind binary takes no text. Got 'binary:1'; write binary."),
    ],
)
def test_texts_that_are_refused(text, sentence):
    with pytest.raises(ParameterError, match=sentence):
        Task("a", text)


@pytest.mark.usefixtures("public_ratio")
@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a:ratio:1,b", [("a", "ratio:1,b")]),
        ("a,b:ratio:1,2", [("a", "ratio:1,2"), ("b", "ratio:1,2")]),
        ("a:binary,b:ratio:1", [("a", "binary"), ("b", "ratio:1")]),
        ("a:ratio:x:y", [("a", "ratio:x:y")]),
        ("a:ratio", [("a", "ratio")]),
        ("b:ratio:1", [("b", "ratio:1")]),
        ("c:ratio:1", [("c:ratio:1", None)]),
        ("c:ratio:1:binary", [("c:ratio:1", "binary")]),
    ],
)
def test_targets_with_a_text(text, parts):
    read = read_target(text, ["a", "b", "1,b", "c:ratio:1"])
    assert read.parts == tuple(TargetPart(name, kind) for name, kind in parts)


@pytest.mark.usefixtures("public_ratio")
def test_patterns_and_tasks_of_several_columns_with_a_text():
    (part,) = read_target("a*:ratio:1,2", ["a1", "a2"]).parts
    assert part == TargetPart("a*", "ratio:1,2", is_pattern=True)
    read = read_target("t=a,b:ratio:1,2", ["a", "b"])
    assert (read.task, read.kind, [part.name for part in read.parts]) == (
        "t",
        "ratio:1,2",
        ["a", "b"],
    )
    assert read_target("t=a,zz:ratio:1,2", ["a", "b"]).kind == "ratio:1,2"
    with pytest.raises(DataError, match="No column of the table matches 'z"):
        read_target("z*:ratio:1,2", ["a", "b"])


@pytest.mark.usefixtures("public_ratio")
def test_every_way_to_name_it():
    tasks, _ = named_tasks(["t=total,units"], list(TABLE), kind="ratio:2")
    assert tasks[0].kind == Ratio(2)
    data = polytask.read(TABLE, ["t=total,units:ratio:2"])
    assert data.tasks["t"].kind == Ratio(2)
    sites = {**TABLE, "site": np.array(["p", "q"])[np.arange(60) % 2]}
    long = polytask.read(sites, ["t=total,units:ratio:2"], task_column="site")
    assert [task.kind for task in long.tasks] == [Ratio(2), Ratio(2)]


@pytest.mark.parametrize("task_column", [None, "site"])
def test_a_row_is_labelled_if_all_its_columns_are(task_column):
    total, units = TABLE["total"].copy(), UNITS.copy()
    total[0] = units[1] = np.nan
    table = {**TABLE, "total": total, "units": units, "site": ["p"] * 60}
    data = polytask.read(table, [Task("t", Ratio(), ("total", "units"))], task_column=task_column)
    labels = data.sources[0].labelled()
    name = data.tasks.names[0]
    assert labels.rows(name).tolist() == list(range(2, 60))
    assert labels.take(np.arange(4)).rows(name).tolist() == [2, 3]
    assert labels.hide({name: np.array([2])}).rows(name)[0] == 3
    assert labels.without(["other"]).rows(name).tolist() == list(range(2, 60))
    joint = polytask.read(table, [Task("t", "regression", ("total", "units"))])
    assert len(joint.sources[0].labelled().rows("t")) == 60


@pytest.mark.parametrize("task_column", [None, "site"])
def test_cells_are_checked_where_rows_can_be_named(task_column):
    units = UNITS.copy()
    units[7] = 0.0
    table = {**TABLE, "units": units, "site": ["p"] * 60}
    with pytest.raises(DataError, match="column 'units' is not positive in row 7"):
        polytask.read(table, [Task("t", Ratio(), ("total", "units"))], task_column=task_column)


def test_the_estimator_made_for_a_kind_is_taken_and_the_first_of_equals():
    ridge, net, least = Ridge(), ElasticNet(), LinearRegression()
    assert estimator_for(Ratio(), (ridge, net, least)) is net
    assert estimator_for(Regression(), (ridge, net, least)) is ridge
    assert estimator_for(Ratio(), ()) is None


@pytest.mark.parametrize("answers", [1, 2])
def test_estimators_learn_what_the_kind_gives_them(answers, tmp_path):
    data = polytask.read(TABLE, [Task("t", Ratio(answers), ("total", "units"))])
    learner = PerTaskEstimator((Ridge(), ElasticNet(alpha=1e-6)))
    model = polytask.fit(data, learner, validation=data)
    (part,) = model.model.parts
    assert [type(each) for each in part.estimators] == [ElasticNet] * answers
    response = model.predict({"x": [0.0, 1.0]})["t"].response
    assert response == pytest.approx([3.0, 4.0], abs=0.01)
    model.save(tmp_path / "model")
    loaded = polytask.load(tmp_path / "model", trusted="users_kinds_with_text")
    assert loaded.predict({"x": [0.0, 1.0]})["t"].response == pytest.approx(response)


def test_estimators_weigh_rows_by_the_factor():
    noisy = {**TABLE, "total": TABLE["total"] + RNG.normal(size=60)}
    tasks = [Task("t", Ratio(), ("total", "units"))]
    plain = Ridge().fit(
        ((X - X.mean()) / X.std())[:, None], noisy["total"] / UNITS, UNITS / UNITS.mean()
    )
    model = polytask.fit(
        polytask.read(noisy, tasks), Ridge(), validation=polytask.read(noisy, tasks)
    )
    expected = plain.predict([[(0.5 - X.mean()) / X.std()]])
    assert model.predict({"x": [0.5]})["t"].response == pytest.approx(expected, rel=1e-5)


def test_tasks_with_factors_are_no_outputs_of_one_estimator():
    table = {**TABLE, "second": TABLE["total"] + 1, "length": UNITS}
    tasks = [Task("t", Ratio(), ("total", "units")), Task("s", Ratio(), ("second", "length"))]
    data = polytask.read(table, tasks)
    assert "pools tasks that have rows of their own" in PooledEstimator(Ridge()).refuses(data)
    sites = {**TABLE, "site": np.array(["p", "q"])[np.arange(60) % 2]}
    long = polytask.read(sites, [tasks[0]], task_column="site")
    assert PooledEstimator(Ridge()).refuses(long) is None
    model = polytask.fit(long, PooledEstimator(Ridge(1e-6)), validation=long)
    answer = model.predict({"x": [0.0, 0.0], "site": ["p", "q"]})
    assert answer["p"].response == pytest.approx([3.0], abs=0.01)
