"""Joint estimators as learners: the rows that they get, and what they predict."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from fakes_classical import PulledClassifier, PulledRegressor
from sklearn.linear_model import Ridge

import polytask
from polytask import Task
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.learners import JointEstimator, PerTaskEstimator, resolve_learner, unserved
from polytask.linear_model import L21Classifier, L21Regressor, PathSearchCV
from polytask.predictor import load
from polytask.testing import check_learner, tiny_dataset

PAIR = (PulledRegressor(), PulledClassifier())
HERE = ("fakes_classical",)
DRAW = np.random.default_rng(0)


def fit(data, learner=None):
    return (learner or JointEstimator(PAIR)).fit(data, data, 0, Budget())


def table(n=60, tasks=3, *, missing=0.3, classes=None, seed=0):
    """A table of related tasks: numbers, or codes of so many classes."""
    draw = np.random.default_rng(seed)
    X = draw.normal(size=(n, 3))
    scores = X @ (draw.normal(size=3) + 0.3 * draw.normal(size=(tasks, 3))).T
    Y = scores + 0.1 * draw.normal(size=scores.shape)
    if classes is not None:
        Y = np.digitize(scores, np.quantile(scores, np.arange(1, classes) / classes)).astype(float)
    Y[draw.random(Y.shape) < missing] = np.nan
    return X, Y


def recorded(monkeypatch, cls):
    """What `fit` of an estimator receives."""
    seen, own = [], cls.fit

    def record(self, X, Y, *, tasks=None, sample_weight=None, task_weights=None):
        seen.append({"X": np.array(X), "Y": Y, "tasks": tasks, "weight": sample_weight})
        seen[-1]["of_tasks"] = task_weights
        return own(self, X, Y, tasks=tasks, sample_weight=sample_weight)

    monkeypatch.setattr(cls, "fit", record)
    return seen


def test_a_regressor_alone_passes_the_common_checks():
    check_learner(JointEstimator(PulledRegressor()), trusted=HERE)


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
@pytest.mark.parametrize("own_rows", [False, True])
def test_classifiers_pass_the_common_checks(kind, own_rows):
    data = tiny_dataset([kind] * 3, own_rows=own_rows, n_rows=120)
    check_learner(JointEstimator(PulledClassifier()), [data], trusted=HERE)


def test_tasks_of_one_table_share_its_rows_with_gaps(monkeypatch):
    seen = recorded(monkeypatch, PulledRegressor)
    X, Y = table()
    data = MultiTaskDataset.from_arrays(X, Y, ["a", "b", "c"])
    fit(data)
    (call,) = seen
    labelled = np.isfinite(Y).any(axis=1)
    assert call["tasks"] is None
    assert call["weight"] is None
    assert call["X"].shape == (labelled.sum(), 3)
    assert (np.isnan(call["Y"]) == np.isnan(Y[labelled])).all()
    assert np.allclose(np.nanstd(call["Y"], axis=0), 1)  # in deviations, whatever the units


def test_rows_of_one_task_each_come_with_its_number(monkeypatch):
    seen = recorded(monkeypatch, PulledRegressor)
    data = tiny_dataset(["regression"] * 3, own_rows=True, n_rows=90)
    predictor = fit(data)
    (call,) = seen
    assert call["Y"].shape == call["tasks"].shape
    assert set(call["tasks"]) == {0, 1, 2}
    (part,) = predictor.model.parts
    joint = predictor.predict(data)
    (source,) = data.sources
    for position, name in enumerate(data.tasks.names):
        X = part.design.matrix(source.take(source.rows_of(name)), predictor.schemas["table"])
        wanted = part.estimators[0].predict(X, tasks=np.full(len(X), position))
        assert np.allclose(joint[name].raw[:, 0], wanted, rtol=1e-5)


def test_a_task_that_is_the_only_one_of_its_kind_is_fitted_alone(monkeypatch):
    seen = recorded(monkeypatch, PulledClassifier)
    data = tiny_dataset(["regression", "binary", "regression"])
    learner = JointEstimator(PAIR)
    assert learner.notes(data) == [
        "pulled learns 'task1' alone: it is the only task of two classes with these input columns."
    ]
    fit(data, learner)
    assert seen[0]["Y"].ndim == 1
    assert seen[0]["tasks"] is None


def test_every_kind_has_an_estimator_of_its_own():
    kinds = ["regression", "binary", "multiclass", "binary", "regression", "multiclass"]
    data = tiny_dataset(kinds, missing=0.1)
    predictor = fit(data)
    parts = [part.tasks for part in predictor.model.parts]
    assert parts == [("task0", "task4"), ("task1", "task3"), ("task2", "task5")]
    for name in ("task1", "task2"):
        assert predictor.predict(data)[name].response.ndim == 1 + (name == "task2")


def own_tables(*, same=True, kind="regression", n=40):
    """A table for each of three tasks."""
    draw = np.random.default_rng(1)
    sources = {}
    for position, name in enumerate(["north", "south", "west"]):
        X = draw.normal(loc=5 * position, size=(n, 2))
        y = X @ [1.0, 2.0] + 0.1 * draw.normal(size=n)
        extra = "" if same else name
        label = y if kind == "regression" else (y > np.median(y)).astype(int)
        town = draw.choice(["Rome", "Oslo", "Bonn"][: 2 + position % 2], n)
        sources[name] = {
            f"b{extra}": X[:, 1],
            f"a{extra}": X[:, 0],
            "town": town,
            f"y_{name}": label,
        }
    tasks = [Task(f"t_{name}", kind, f"y_{name}") for name in sources]
    return MultiTaskDataset.from_sources(sources, tasks)


@pytest.mark.parametrize("kind", ["regression", "binary"])
def test_tables_of_the_same_columns_are_fitted_together_in_one_design(monkeypatch, tmp_path, kind):
    cls = PulledRegressor if kind == "regression" else PulledClassifier
    seen = recorded(monkeypatch, cls)
    data = own_tables(kind=kind)
    learner = JointEstimator(PAIR)
    (note,) = learner.notes(data)
    assert note.startswith("pulled learns the sources 'north', 'south' and 'west' together")
    predictor = fit(data, learner)
    (call,) = seen
    assert call["tasks"].tolist() == np.repeat([0, 1, 2], 40).tolist()
    assert call["X"].shape == (120, 2 + 3)  # numbers, and every town of any table
    numbers = call["X"][:, :2]
    assert np.allclose(numbers.mean(axis=0), 0, atol=1e-6)
    assert numbers[:40].mean() < -0.5  # tables keep their places on the common scale
    assert len({id(part.estimators[0]) for part in predictor.model.parts}) == 1
    assert predictor.n_parameters == 3 * 6 * (1 if kind == "regression" else 2)
    predictor.save(tmp_path / "model", HERE)
    again = load(tmp_path / "model", HERE)
    assert again.n_parameters == predictor.n_parameters
    for name in data.tasks.names:
        assert (again.predict(data)[name].raw == predictor.predict(data)[name].raw).all()


def test_a_task_of_two_tables_is_learned_from_both(monkeypatch):
    seen = recorded(monkeypatch, PulledRegressor)
    draw = np.random.default_rng(2)
    x = draw.normal(size=(2, 30))
    first = {"x": x[0], "a": 2 * x[0], "b": -x[0]}
    tasks = [Task("a", "regression"), Task("b", "regression")]
    data = MultiTaskDataset.from_sources({"one": first, "two": {"x": x[1], "a": 2 * x[1]}}, tasks)
    predictor = fit(data)
    assert seen[0]["Y"].shape == (60, 2)
    assert np.isnan(seen[0]["Y"][30:, 1]).all()
    assert [part.outputs for part in predictor.model.parts] == [(0, 1), (0,)]
    answers = predictor.predict(data)
    assert len(answers["a"].response) == 60
    assert np.corrcoef(answers["a"].response, np.concatenate([2 * x[0], 2 * x[1]]))[0, 1] > 0.99


def test_tables_of_other_columns_share_nothing():
    data = own_tables(same=False)
    refusal = unserved(JointEstimator(PAIR), data)
    assert refusal.startswith("pulled shares nothing between 't_north', 't_south' and 't_west'")
    assert refusal.endswith("such as linear.")


def test_codes_of_different_classes_are_never_taken_for_the_same(monkeypatch):
    seen = recorded(monkeypatch, PulledClassifier)
    draw = np.random.default_rng(0)
    sources = {}
    for name, words in (("one", ["a", "b", "c"]), ("two", ["x", "y", "z"])):
        x = draw.normal(size=60)
        sources[name] = {"x": x, f"y_{name}": np.array(words)[np.digitize(x, [-0.5, 0.5])]}
    tasks = [Task(name, "multiclass", f"y_{name}") for name in sources]
    data = MultiTaskDataset.from_sources(sources, tasks)
    predictions = fit(data).predict(data)
    assert seen[0]["Y"].shape == (120, 2)  # labels with gaps, not common classes
    truth = np.array(sources["two"]["y_two"])
    assert (predictions["two"].decision == truth).mean() > 0.6


def test_rows_that_name_no_task_are_predicted_for_all():
    for kind in ("regression", "binary"):
        data = tiny_dataset([kind] * 3, own_rows=True, n_rows=90)
        predictor = fit(data)
        rows = data.sources[0].inputs.head(5)
        named = rows.with_columns(pl.Series("site", ["task1"] * 5))
        everything = predictor.predict(rows, tasks=data.tasks.names)
        assert (everything["task1"].raw == predictor.predict(named)["task1"].raw).all()
        assert everything["task2"].raw.shape == (5, 1)


def test_row_weights_class_weights_and_task_weights_reach_the_estimator(monkeypatch):
    X, Y = table(missing=0.0)
    seen = recorded(monkeypatch, PulledRegressor)
    weight = np.arange(1.0, 61.0)
    tasks = [Task("a", "regression", weight=3.0), Task("b", "regression")]
    columns = {"x": X[:, 0], "a": Y[:, 0], "b": Y[:, 1]}
    fit(MultiTaskDataset.from_table(columns, tasks, weight=weight))
    assert np.allclose(seen[0]["weight"], np.column_stack([weight, weight]) / weight.mean())
    assert seen[0]["of_tasks"].tolist() == [3.0, 1.0]

    flags = recorded(monkeypatch, PulledClassifier)
    rare = {"x": X[:, 0], "a": np.arange(60) % 4 == 0, "b": np.arange(60) % 2 == 0}
    tasks = [Task("a", "binary", class_weight="balanced"), Task("b", "binary")]
    fit(MultiTaskDataset.from_table(rare, tasks))
    assert np.allclose(flags[0]["weight"][:, 0], np.where(rare["a"], 2.0, 2 / 3))
    assert (flags[0]["weight"][:, 1] == 1).all()


@pytest.mark.parametrize("own_rows", [False, True])
def test_the_weight_of_a_task_multiplies_its_loss_in_our_own_estimators(own_rows):
    """With weights ω for all tasks and α ω as the penalty's strength, nothing changes."""
    data = tiny_dataset(["regression"] * 2, own_rows=own_rows, n_rows=80)
    weighted = data.with_tasks(
        {name: replace(data.tasks[name], weight=3.0) for name in data.tasks.names}
    )
    plain = fit(data, JointEstimator(L21Regressor(alpha=0.05, tol=1e-9))).predict(data)
    scaled = fit(weighted, JointEstimator(L21Regressor(alpha=0.15, tol=1e-9))).predict(data)
    other = fit(weighted, JointEstimator(L21Regressor(alpha=0.05, tol=1e-9))).predict(data)
    assert np.allclose(plain["task0"].raw, scaled["task0"].raw, atol=1e-4)
    assert not np.allclose(plain["task0"].raw, other["task0"].raw, atol=1e-2)


def test_weights_that_an_estimator_does_not_take_are_remarked():
    class Plain(PulledRegressor):
        def fit(self, X, Y, *, tasks=None):
            return super().fit(X, Y, tasks=tasks)

    X, Y = table(missing=0.0)
    tasks = [Task("a", "regression", weight=3.0), Task("b", "regression")]
    columns = {"x": X[:, 0], "a": Y[:, 0], "b": Y[:, 1]}
    data = MultiTaskDataset.from_table(columns, tasks, weight=np.arange(1.0, 61.0))
    remarks = fit(data, JointEstimator(Plain())).history.stopped
    assert "row and class weights are ignored" in remarks
    assert "task weights are ignored" in remarks


def test_a_solver_that_stops_early_is_remarked():
    X, Y = table()
    data = MultiTaskDataset.from_arrays(X, Y, ["a", "b", "c"])
    remarks = fit(data, JointEstimator(PulledRegressor(alpha=0.001))).history.stopped
    assert remarks == "a, b, c: the solver stopped before it converged."


def test_the_single_task_baseline_is_the_same_estimator_per_task():
    learner = JointEstimator(PAIR).configured({"alpha": 3.0})
    alone = learner.single_task()
    assert isinstance(alone, PerTaskEstimator)
    assert alone.name == "per_task_pulled"
    assert [each.alpha for each in alone.estimator] == [3.0, 3.0]
    ranges = [each.search_space()["alpha"].grid() for each in (learner, alone)]
    assert ranges[0] == ranges[1]


def test_settings_are_checked_by_the_estimators_own_constraints():
    learner = JointEstimator(PAIR)
    assert list(learner.search_space()) == ["alpha"]
    assert learner.with_detail("alpha=3").name == "pulled(alpha=3)"
    with pytest.raises(ParameterError, match="`alpha` parameter of PulledRegressor"):
        learner.configured({"alpha": -1.0})
    with pytest.raises(UnknownNameError, match="Did you mean 'alpha'"):
        learner.configured({"alhpa": 1.0})
    with pytest.raises(ParameterError, match=r"l21 has no training step"):
        resolve_learner("l21+mgda")
    with pytest.raises(ParameterError, match=r"whose fit takes tasks="):
        JointEstimator(Ridge())


def test_estimators_given_alone_are_joint_learners_too():
    X, Y = table()
    data = MultiTaskDataset.from_arrays(X, Y, ["a", "b", "c"])
    predictor = polytask.fit(data, PulledRegressor(alpha=1.0), validation=data)
    assert predictor.name == "pulled"
    assert predictor.model.parts[0].tasks == ("a", "b", "c")


def test_a_column_of_several_numbers_is_several_outputs_on_rows_of_one_task_each():
    data = tiny_dataset(["regression"] * 2, own_rows=True, n_rows=80)
    (source,) = data.sources
    assert source.own_rows
    two = Task("both", "regression", ("u", "v"))
    X, Y = table(80, 2, missing=0.2)
    long = {"x": X[:, 0], "z": X[:, 1], "u": Y[:, 0], "v": Y[:, 1], "site": ["p", "q"] * 40}
    data = MultiTaskDataset.from_long(long, two, "site")
    predictor = fit(data, JointEstimator(PulledRegressor()))
    assert predictor.model.parts[0].outputs == (0, 1, 2, 3)
    assert predictor.predict(data)["p"].response.shape == (40, 2)


def test_kinds_that_no_joint_estimator_learns_are_refused_with_a_remedy():
    curves = tiny_dataset(["survival", "regression"])
    sentence = unserved(JointEstimator(PAIR), curves)
    assert "task0 (survival)" in sentence
    assert "linear" in sentence
    replaced = replace(JointEstimator(PulledClassifier()), name="mine")
    assert "regress" in unserved(replaced, tiny_dataset(["regression"] * 2).tasks)


def test_compare_holds_it_against_the_same_estimator_per_task():
    X, Y = table(120)
    data = MultiTaskDataset.from_arrays(X, Y, ["a", "b", "c"])
    result = polytask.compare(data, [PulledRegressor()], seeds=1, budget=Budget(trials=2))
    baselines = {row.name: row.baseline for row in result.learners}
    assert baselines == {"per_task_pulled": None, "pulled": "per_task_pulled", "constant": None}
    trials = {row.name: {len(run.trials) for run in row.runs} for row in result.learners}
    assert trials["pulled"] == trials["per_task_pulled"] == {2}


OURS = (L21Regressor(alpha=0.01), L21Classifier(alpha=0.01))


def test_a_setting_that_one_side_understands_goes_to_it_alone():
    learner = JointEstimator(OURS)
    both = [learner.configured({"loss": name}) for name in ("huber", "squared_hinge")]
    losses = [tuple(each.loss for each in learner.estimator) for learner in both]
    assert losses == [("huber", "auto"), ("auto", "squared_hinge")]
    named = resolve_learner("l21(loss=multinomial,alpha=0.5)").estimator
    assert [(each.loss, each.alpha) for each in named] == [("auto", 0.5), ("multinomial", 0.5)]
    with pytest.raises(ParameterError, match="`alpha` parameter of L21Regressor"):
        learner.configured({"alpha": -1.0})
    with pytest.raises(
        ParameterError, match="`loss` parameter of L21Regressor must be a loss of n"
    ):
        JointEstimator(L21Regressor()).configured({"loss": "logistic"})
    with pytest.raises(ParameterError, match=r"`loss` .* Got 'hubert' instead\. Did you mean 'hub"):
        resolve_learner("l21(loss=hubert)")
    assert resolve_learner("l21(loss=huber)").estimator[0].loss == "huber"


def test_counts_are_learned_together_as_rates_with_a_poisson_loss():
    data = tiny_dataset(["count", "regression", "count"], n_rows=80)
    predictor = fit(data, JointEstimator(OURS))
    parts = {part.tasks: part.estimators[0] for part in predictor.model.parts}
    assert {names: each.loss for names, each in parts.items()} == {
        ("task0", "task2"): "poisson",
        ("task1",): "auto",
    }
    assert (predictor.predict(data)["task0"].response > 0).all()


def test_exposures_weigh_the_rows_of_counts():
    draw = np.random.default_rng(0)
    x, months = draw.normal(size=(2, 400)), draw.uniform(1, 12, size=(2, 400))
    slopes = np.array([[1.0], [-1.0]])
    counts = draw.poisson(np.exp(0.5 + slopes * x[0]) * months / 12)
    columns = {"x": x[0], "z": x[1], "a": counts[0], "b": counts[1]}
    table = {**columns, "of_a": months[0] / 12, "of_b": months[1] / 12}
    tasks = [Task("a", "count", ("a", "of_a")), Task("b", "count", ("b", "of_b"))]
    predictor = fit(MultiTaskDataset.from_table(table, tasks), JointEstimator(OURS))
    assert predictor.model.parts[0].outputs == (0, 1)
    coef = predictor.model.parts[0].estimators[0].coef_
    np.testing.assert_allclose(coef[:, 0] / x[0].std(), slopes[:, 0], atol=0.15)
    rates = predictor.predict({"x": [0.0], "z": [0.0]})
    assert rates["a"].response[0] == pytest.approx(np.exp(0.5), rel=0.2)


@pytest.mark.parametrize("own_rows", [False, True])
def test_labels_of_multilabel_tasks_are_learned_with_tasks_of_two_classes(own_rows):
    kinds = ["multilabel"] * 2 if own_rows else ["multilabel", "binary"]
    data = tiny_dataset(kinds, own_rows=own_rows, n_rows=100, missing=0.1)
    check_learner(JointEstimator(OURS[1]), [data])


def test_a_label_that_never_occurs_has_a_small_probability():
    draw = np.random.default_rng(0)
    x = draw.normal(size=60)
    labels = {"u": x > 0, "v": np.zeros(60, dtype=bool), "w": x + draw.normal(size=60) > 0}
    table = {"x": x, "y": -x, **{name: each.astype(int) for name, each in labels.items()}}
    data = MultiTaskDataset.from_table(table, [Task("tags", "multilabel", ("u", "v", "w"))])
    predictor = fit(data, JointEstimator(OURS[1]))
    assert "of 1 label the training rows hold one class alone" in predictor.history.stopped
    response = predictor.predict(data)["tags"].response
    assert (response[:, 1] < 0.1).all()
    assert np.corrcoef(response[:, 0], labels["u"])[0, 1] > 0.8


def test_a_search_is_named_after_the_method_inside():
    searches = PathSearchCV(L21Regressor()), PathSearchCV(L21Classifier())
    assert JointEstimator(searches).name == "l21_cv"
