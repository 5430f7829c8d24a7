"""Inputs of estimators, and predictions from their answers."""

import warnings
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from learner_tables import (
    INPUTS,
    MIXED_TASKS,
    halves,
    long_data,
    long_table,
    mixed_data,
    mixed_table,
)
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.svm import SVC, SVR

import polytask
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, OwnRowLabels, RandomSplit, Source
from polytask.exceptions import DataError, ParameterError
from polytask.learners import (
    GradientBoosting,
    Linear,
    PerTaskEstimator,
    PooledEstimator,
    PooledLinear,
    unserved,
)
from polytask.learners._early_stopping import fit_best_rounds, fit_with_early_stopping
from polytask.learners._rows import Rows
from polytask.losses import BinaryCrossEntropy
from polytask.ranges import Range
from polytask.tasks import Task, TaskSet
from polytask.testing import check_recipe_round_trip

BUDGET = Budget()


def fit(learner, data, validation=None):
    return learner.fit(data, validation or data, 0, BUDGET)


def numbers(n_rows=60, n_columns=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, n_columns))
    return X, X @ np.arange(1.0, n_columns + 1) + rng.normal(size=n_rows) + 100


class TestAgainstScikitLearn:
    """The same numbers as scikit-learn on standardised inputs."""

    def test_ridge_with_missing_labels_and_weights(self):
        X, y = numbers()
        Y = np.column_stack([y, -y])
        Y[:20, 0] = np.nan
        weights = np.random.default_rng(1).uniform(0.5, 2, len(y))
        data = MultiTaskDataset.from_arrays(X, Y, weights=weights)
        found = fit(Linear(alpha=3.0), data).predict(data)["y0"].response
        Z = (X - X.mean(axis=0)) / X.std(axis=0)
        weights = weights[20:] / weights[20:].mean()
        expected = Ridge(alpha=3.0).fit(Z[20:], y[20:], sample_weight=weights).predict(Z)
        np.testing.assert_allclose(found, expected, rtol=1e-4)

    def test_logistic_regression_with_text_labels(self):
        X, y = numbers()
        label = np.where(y > 101, "yes", "no")
        frame = pl.DataFrame({**{f"x{i}": X[:, i] for i in range(3)}, "rich": label})
        data = MultiTaskDataset.from_table(frame, [Task("rich", "binary")])
        found = fit(Linear(alpha=0.5), data).predict(data)["rich"].response
        Z = (X - X.mean(axis=0)) / X.std(axis=0)
        model = LogisticRegression(C=2.0, max_iter=1000).fit(Z, label)
        np.testing.assert_allclose(found, model.predict_proba(Z)[:, 1], atol=1e-4)

    def test_every_column_of_a_multilabel_task_has_its_own(self):
        frame = mixed_table()
        both = mixed_data(MIXED_TASKS[4:])
        apart = MultiTaskDataset.from_table(
            frame, [Task("tag_a", "binary"), Task("tag_b", "binary")], features=INPUTS
        )
        together, alone = fit(Linear(), both).predict(frame), fit(Linear(), apart).predict(frame)
        for column, name in enumerate(["tag_a", "tag_b"]):
            response = together["tags"].response[:, column]
            np.testing.assert_allclose(response, alone[name].response, rtol=1e-6)

    @pytest.mark.parametrize("estimator", [Ridge(), SVR()])  # of several outputs, and of one
    def test_every_column_of_a_regression_has_its_own(self, estimator):
        X, y = numbers()
        whole = np.column_stack([y, X[:, 0] - y])
        holes = whole.copy()
        holes[:7, 1] = np.nan
        for Y in (whole, holes):
            learner = PerTaskEstimator(estimator)
            frame = {f"x{i}": X[:, i] for i in range(3)} | {"a": Y[:, 0], "b": Y[:, 1]}
            both = MultiTaskDataset.from_table(frame, [Task("ab", "regression", ("a", "b"))])
            apart = MultiTaskDataset.from_arrays(X, Y, ["a", "b"])
            together, alone = fit(learner, both).predict(both), fit(learner, apart).predict(apart)
            for column, name in enumerate(["a", "b"]):
                response = together["ab"].response[:, column]
                np.testing.assert_allclose(response, alone[name].response, rtol=1e-4)

    def test_pooled_ridge_ignores_whose_row_it_is(self):
        frame = long_table().drop_nulls()
        data = MultiTaskDataset.from_long(frame, "score", "school", features=["x"])
        predictions = fit(PooledLinear(), data).predict(frame)
        x = frame["x"].to_numpy()[:, None]
        z = (x - x.mean()) / x.std()
        expected = Ridge().fit(z, frame["score"].to_numpy()).predict(z)
        for one in predictions.values():
            np.testing.assert_allclose(one.response, expected[one.row_ids], rtol=1e-4)

    def test_the_task_as_input_gives_each_task_its_level(self):
        frame = long_table().drop_nulls()
        data = MultiTaskDataset.from_long(frame, "score", "school", features=["x"])
        learner = PooledLinear(alpha=1e-6, task_as_input=True)
        predictions = fit(learner, data).predict(frame)
        score = frame["score"].to_numpy()
        for one in predictions.values():  # an intercept of its own: no error is left on average
            assert np.mean(one.response - score[one.row_ids]) == pytest.approx(0, abs=1e-3)

    def test_regressions_of_one_table_are_outputs(self):
        X, y = numbers()
        Y = np.column_stack([y, 2 * y + X[:, 0], np.where(np.arange(len(y)) < 10, np.nan, y)])
        data = MultiTaskDataset.from_arrays(X, Y)
        predictor = fit(PooledEstimator(KNeighborsRegressor(3)), data)
        assert "learned from the 50 of 60 rows" in predictor.history.stopped
        Z = (X - X.mean(axis=0)) / X.std(axis=0)
        expected = KNeighborsRegressor(3).fit(Z[10:], Y[10:]).predict(Z)
        for column, task in enumerate(data.tasks.names):
            response = predictor.predict(data)[task].response
            np.testing.assert_allclose(response, expected[:, column], rtol=1e-3)


class NoWeights(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        self.mean_ = np.mean(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


class TestRemarks:
    def test_a_solver_that_does_not_converge_is_told_of(self):
        data = mixed_data(MIXED_TASKS[2:4])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            predictor = fit(Linear(max_iter=1), data)
        assert predictor.history.stopped == "rich, grade: the solver stopped before it converged."

    def test_ignored_weights_are_told_of(self):
        X, y = numbers()
        data = MultiTaskDataset.from_arrays(X, y, weights=1 + np.arange(len(y)))
        predictor = fit(PerTaskEstimator(NoWeights()), data)
        assert "row weights are ignored" in predictor.history.stopped

    def test_an_ignored_loss_is_told_of(self):
        tasks = [
            Task("price", "regression", loss="huber"),
            Task("rich", "binary", loss=BinaryCrossEntropy(class_weight="balanced")),
        ]
        sentence = fit(GradientBoosting(), mixed_data(tasks)).history.stopped
        assert (
            "price, rich: the task's loss is ignored, since estimators have their own." in sentence
        )

    def test_a_task_of_one_class_is_reported(self):
        whole = MultiTaskDataset.from_long(
            long_table().drop_nulls(), "passed", "school", drop=["score"]
        )
        (source,) = whole.sources
        rows = source.labelled().rows("school 1")
        unlucky = rows[source.labelled().columns("school 1")["passed"] != "yes"]
        data = whole.take({"table": np.setdiff1d(np.arange(source.n_rows), unlucky)})
        predictor = fit(Linear(), data)
        assert predictor.history.stopped.startswith("school 1: only one class")
        response = predictor.predict(data)["school 1"].response
        n = len(response)
        np.testing.assert_allclose(response, (n + 1) / (n + 2))

    def test_other_warnings_stay_warnings(self):
        class Warns(NoWeights):
            def fit(self, X, y):
                warnings.warn("look here", RuntimeWarning, stacklevel=2)
                return super().fit(X, y)

        X, y = numbers()
        data = MultiTaskDataset.from_arrays(X, y)
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            with pytest.warns(RuntimeWarning, match="look here"):
                fit(PerTaskEstimator(Warns()), data)

    def test_many_tasks_make_one_sentence(self):
        X, y = numbers()
        data = MultiTaskDataset.from_arrays(X, np.column_stack([y] * 8), weights=range(60))
        sentence = fit(PerTaskEstimator(NoWeights()), data).history.stopped
        assert sentence.startswith("y0, y1, y2, y3, y4 and 3 more: ")


class TestCategories:
    def frame(self, n_categories, n_rows=4000):
        rng = np.random.default_rng(0)
        category = np.concatenate(
            [np.arange(n_categories), rng.integers(0, 20, n_rows - n_categories)]
        )
        level = rng.normal(size=n_categories)
        return pl.DataFrame(
            {
                "category": [f"c{value:04}" for value in category],
                "x": rng.normal(size=n_rows),
                "y": level[category] + 0.1 * rng.normal(size=n_rows),
            }
        )

    @pytest.mark.parametrize("n_categories", [30, 254, 255, 400])
    def test_boosting_takes_any_number_of_them(self, n_categories):
        frame = self.frame(n_categories)
        data = MultiTaskDataset.from_table(frame, [Task("y", "regression")])
        predictor = fit(GradientBoosting(max_iter=30), data)
        response = predictor.predict(frame)["y"].response
        y = frame["y"].to_numpy()
        assert np.corrcoef(response[n_categories:], y[n_categories:])[0, 1] > 0.95
        unseen = predictor.predict(frame.with_columns(category=pl.lit("never")))["y"].response
        assert np.isfinite(unseen).all()

    def test_boosting_is_told_which_columns_hold_codes(self):
        predictor = fit(GradientBoosting(max_iter=3), mixed_data())
        for part in predictor.model.parts:
            for estimator in part.estimators:
                kinds = estimator.is_categorical_
                assert kinds is not None
                assert kinds.sum() == len(predictor.schemas["table"].cardinalities) == 1

    def test_wide_indicators_are_sparse_where_that_is_taken(self):
        frame = self.frame(300)
        data = MultiTaskDataset.from_table(frame, [Task("y", "regression")])
        assert fit(Linear(), data).model.parts[0].design.sparse
        learner = PerTaskEstimator(HistGradientBoostingRegressor(max_iter=2))
        assert not fit(learner, data).model.parts[0].design.sparse

    def test_sparse_and_dense_agree(self):
        frame = self.frame(99, 600)
        data = MultiTaskDataset.from_table(frame, [Task("y", "regression")])
        predictor = fit(Linear(), data)
        part, source = predictor.model.parts[0], data.sources[0]
        schema = predictor.schemas[source.name]
        dense = part.design.matrix(source, schema)
        object.__setattr__(part.design, "sparse", True)
        np.testing.assert_array_equal(part.design.matrix(source, schema).toarray(), dense)

    def identifiers(self, n_rows):
        rng = np.random.default_rng(0)
        user = np.concatenate([rng.integers(0, 20, n_rows // 2), np.arange(n_rows - n_rows // 2)])
        level = rng.normal(size=n_rows)
        frame = pl.DataFrame(
            {"user": user, "x": rng.normal(size=n_rows), "y": level[user] + user % 2}
        )
        task = Task("y", "regression")
        return frame, MultiTaskDataset.from_table(frame, [task], columns={"user": "identifier"})

    @pytest.mark.parametrize("learner", [GradientBoosting(max_iter=30), Linear(alpha=0.01)])
    def test_identifiers_that_recur_are_learned(self, learner):
        frame, data = self.identifiers(18_000)
        predictor = fit(learner, data)
        assert predictor.schemas["table"].cardinalities == (16_385, 16_385)
        often = frame.head(9000)
        response = predictor.predict(often)["y"].response
        assert np.corrcoef(response, often["y"].to_numpy())[0, 1] > 0.95
        new = often.with_columns(user=pl.col("user") + 10**7)
        assert np.isfinite(predictor.predict(new)["y"].response).all()

    def test_identifiers_have_few_indicators_where_they_are_dense(self):
        frame, data = self.identifiers(6000)
        learner = PerTaskEstimator(HistGradientBoostingRegressor(max_iter=2))
        predictor = fit(learner, data)
        (part,), schema = predictor.model.parts, predictor.schemas["table"]
        matrix = part.design.matrix(data.sources[0], schema)
        assert matrix.shape == (6000, part.design.width(schema)) == (6000, 1 + 2 * 254)
        assert (matrix[:3000, 1:].sum(axis=1) == 2).all()  # those that recur are told apart
        assert len(np.unique(matrix[:3000, 1:], axis=0)) == 20
        assert np.isfinite(predictor.predict(frame)["y"].response).all()


class TestEarlyStopping:
    def rows(self, seed, n=400, classes=False):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(n, 3))
        y = X[:, 0] + rng.normal(size=n)
        return Rows(X, ((y > 0).astype(float) if classes else y)[:, None], None)

    @pytest.mark.parametrize("classes", [False, True])
    @pytest.mark.parametrize("how", [fit_with_early_stopping, fit_best_rounds])
    def test_stops_on_the_validation_rows(self, how, classes):
        kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
        extra = (lambda remark: None,) if how is fit_with_early_stopping else ()
        train, validation = self.rows(0, classes=classes), self.rows(1, classes=classes)
        fitted = how(kind(max_iter=300, random_state=0), train, validation, {}, *extra)
        assert fitted.n_iter_ < 60

    def test_the_best_number_of_rounds_is_kept(self):
        train, validation = self.rows(0), self.rows(1)
        fitted = fit_best_rounds(
            HistGradientBoostingRegressor(max_iter=60, random_state=0), train, validation, {}
        )
        whole = HistGradientBoostingRegressor(
            max_iter=60, random_state=0, early_stopping=False
        ).fit(train.X, train.Y[:, 0])
        losses = [
            np.mean((validation.Y[:, 0] - one) ** 2) for one in whole.staged_predict(validation.X)
        ]
        assert fitted.n_iter_ == np.argmin(losses) + 1

    def test_rounds_are_recorded(self):
        predictor = fit(GradientBoosting(max_iter=200), *halves(mixed_data()))
        assert set(predictor.history.best_epochs) == {task.name for task in MIXED_TASKS}
        assert max(predictor.history.best_epochs.values()) < 200

    def test_too_few_validation_rows(self):
        data = mixed_data(MIXED_TASKS[:1])
        few = data.take({"table": np.arange(4)})
        predictor = fit(GradientBoosting(max_iter=300), data, few)
        assert "too few validation rows" in predictor.history.stopped
        assert predictor.history.best_epochs == {"price": 100}

    def test_classes_that_only_validation_has(self):
        frame = mixed_table().drop_nulls()
        known = frame.filter(pl.col("grade") < 5)
        data = MultiTaskDataset.from_table(frame, [Task("grade", "multiclass")], features=["x"])
        rows = np.flatnonzero((frame["grade"] < 5).to_numpy())
        predictor = fit(GradientBoosting(max_iter=5), data.take({"table": rows}), data)
        assert predictor.predict(known)["grade"].response.shape == (known.height, 2)


class Alone(Linear):
    def serves(self, tasks):
        return len(tasks) == 1


class TestServes:
    def test_regressors_serve_numbers_and_classifiers_classes(self):
        price, rich = MIXED_TASKS[0], MIXED_TASKS[2]
        assert PerTaskEstimator(Ridge()).serves(TaskSet([price]))
        assert not PerTaskEstimator(Ridge()).serves(TaskSet([price, rich]))
        assert PerTaskEstimator((Ridge(), LogisticRegression())).serves(TaskSet([price, rich]))
        assert not PerTaskEstimator(SVC()).serves(TaskSet([rich]))  # gives no probabilities

    def test_reasons_name_the_tasks(self):
        price, rich = MIXED_TASKS[0], MIXED_TASKS[2]
        assert unserved(Linear(), TaskSet(MIXED_TASKS)) is None
        sentence = "The learner 'ridge' cannot learn these tasks: rich (binary)."
        assert unserved(PerTaskEstimator(Ridge()), TaskSet([price, rich])) == sentence
        data = mixed_data((*MIXED_TASKS[2:3], Task("again", "binary", "rich")))
        assert unserved(PooledLinear(), data.tasks) is None
        assert unserved(PooledLinear(), data).startswith("pooled_linear pools tasks that have rows")
        assert unserved(PooledLinear(), long_data()) is None
        sentence = "The learner 'linear' cannot learn these tasks together: price (regression), "
        assert unserved(Alone(), TaskSet([price, rich])).startswith(sentence)

    def test_what_is_not_served_is_refused(self):
        with pytest.raises(ParameterError, match=r"ridge cannot learn task 'rich'.*binary"):
            fit(PerTaskEstimator(Ridge()), mixed_data(MIXED_TASKS[2:3]))

    def test_classes_on_one_table_are_not_pooled(self):
        data = mixed_data((*MIXED_TASKS[2:3], Task("tag_a", "binary")))
        with pytest.raises(DataError, match=r"'rich', 'tag_a'.*use PerTaskEstimator"):
            fit(PooledLinear(), data)

    def test_one_output_is_not_pooled(self):
        with pytest.raises(DataError, match=r"'price', 'size'.*use PerTaskEstimator"):
            fit(PooledEstimator(SVR()), mixed_data(MIXED_TASKS[:2]))

    def test_tasks_never_labelled_together_are_not_pooled(self):
        X, y = numbers()
        first = np.arange(60) < 30
        Y = np.column_stack([np.where(first, y, np.nan), np.where(first, np.nan, y)])
        with pytest.raises(DataError, match=r"'y0', 'y1' are all labelled, and there is none"):
            fit(PooledEstimator(Ridge()), MultiTaskDataset.from_arrays(X, Y))


class TestSettings:
    def test_settings_reach_every_estimator_that_has_them(self):
        learner = PerTaskEstimator((Ridge(), LogisticRegression()))
        ridge, logistic = learner.configured({"alpha": 7.0}).estimator
        assert ridge.alpha == 7.0
        assert logistic.C == 1.0
        assert learner.estimator[0].alpha == 1.0

    def test_an_unknown_setting_is_named(self):
        with pytest.raises(ParameterError, match=r"no setting named 'alhpa'.*'estimator\.alpha'"):
            PerTaskEstimator(Ridge()).configured({"alhpa": 1.0})
        with pytest.raises(ParameterError, match=r"no setting named 'alhpa'.*'alpha'"):
            Linear().configured({"alhpa": 1.0})

    def test_the_users_estimator_stays_unfitted(self):
        estimator = HistGradientBoostingRegressor(max_iter=2)
        before = estimator.get_params()
        learner = PerTaskEstimator(estimator, categorical="codes")
        fit(learner, mixed_data(MIXED_TASKS[:1]))
        assert estimator.get_params() == before
        assert not hasattr(estimator, "n_iter_")

    def test_a_seed_that_is_set_stays(self):
        data = mixed_data(MIXED_TASKS[:1])
        learner = PerTaskEstimator(HistGradientBoostingRegressor(max_iter=2, random_state=9))
        assert fit(learner, data).model.parts[0].estimators[0].random_state == 9

    def test_ranges_are_declared_by_hand_around_the_estimators_own_values(self):
        space = {"alpha": Range(0.01, 100.0, log=True, step=10), "solver": ("auto", "lsqr")}
        ridge = PerTaskEstimator(Ridge(alpha=2.0, solver="lsqr"), space=space)
        declared = ridge.search_space()
        assert declared["alpha"].grid() == (2.0, 20.0, 0.2)
        assert declared["solver"].grid() == ("lsqr", "auto")
        check_recipe_round_trip(ridge)
        with pytest.raises(ParameterError, match=r"no setting named 'alhpa'"):
            PerTaskEstimator(Ridge(), space={"alhpa": (1.0,)}).search_space()

    def test_the_learners_own_settings_have_paths_too(self):
        learner = PooledEstimator(HistGradientBoostingRegressor())
        changed = learner.configured({"categorical": "codes", "estimator.early_stopping": False})
        assert changed.categorical == "codes"
        assert changed.estimator.early_stopping is False


def test_tensors_are_flattened():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2, 3))
    y = X[:, 1, 2] * 4 + 7
    data = MultiTaskDataset.from_arrays(X, y)
    response = fit(Linear(alpha=1e-3), data).predict(data)["y0"].response
    np.testing.assert_allclose(response, y, atol=1e-2)


def test_a_task_of_several_sources_has_an_estimator_in_each():
    X, y = numbers()
    first = MultiTaskDataset.from_arrays(X, y, ["y"], names=["a", "b", "c"])
    second = MultiTaskDataset.from_arrays(X[:, :2], y, ["y"], names=["a", "b"])
    sources = (first.sources[0], replace(second.sources[0], name="other"))
    data = MultiTaskDataset(sources, first.tasks)
    predictions = fit(Linear(), data).predict(data)
    assert predictions["y"].response.shape == (120,)
    np.testing.assert_array_equal(predictions["y"].row_ids, np.tile(np.arange(60), 2))


def test_own_rows_of_classes_are_learned_by_every_learner_alike():
    data = long_data("passed")
    for learner in (Linear(), PooledLinear(), GradientBoosting(max_iter=5)):
        for prediction in fit(learner, data).predict(data).values():
            assert ((prediction.response > 0) & (prediction.response < 1)).all()


def test_classes_that_only_validation_rows_hold_are_not_learned():
    draw = np.random.default_rng(0)
    table = {"x": draw.normal(size=60), "y": ["a", "b"] * 25 + ["c"] * 10}
    data = MultiTaskDataset.from_table(table, [Task("y", "multiclass")])
    train, validation = (data.take({"table": rows}) for rows in (np.arange(40), np.arange(40, 60)))
    for learner in (Linear(), GradientBoosting(max_iter=5)):
        predictor = learner.fit(train, validation, 0, Budget())
        assert predictor.predict(validation)["y"].response.shape == (20, 2)


def test_a_source_without_labelled_training_rows_is_named():
    X, y = numbers()
    one = MultiTaskDataset.from_arrays(X, y, ["y"], names=["a", "b", "c"])
    source = one.sources[0]
    empty = replace(source.labels, frame=source.labels.frame.clear(len(y)))
    data = MultiTaskDataset((source, replace(source, name="other", labels=empty)), one.tasks)
    for learner in (Linear(), PooledLinear(), GradientBoosting(max_iter=5)):
        with pytest.raises(DataError, match=r"source 'other' holds no labelled training row of"):
            learner.fit(data, data, 0, Budget())


def test_boosting_does_without_validation_rows():
    data = mixed_data()
    none = RandomSplit(test=0.0, validation=0.0)
    predictor = polytask.fit(data, GradientBoosting(max_iter=5), split=none)
    assert "too few validation rows to stop by" in predictor.history.stopped


def test_own_rows_of_several_kinds_are_pooled_kind_by_kind():
    draw = np.random.default_rng(0)
    X, index = draw.normal(size=(90, 2)), np.arange(90, dtype=np.int32) % 3
    y = np.where(index == 2, np.digitize(X[:, 0], [-0.5, 0.5]), X[:, 0] > 0).astype(float)
    kinds = {"p": "binary", "q": "binary", "r": "multiclass"}
    tasks = TaskSet(Task(name, kind, "y") for name, kind in kinds.items())
    labels = OwnRowLabels(pl.DataFrame({"y": y}), index, tasks.names)
    rows, inputs = np.arange(90), pl.DataFrame(X, schema=["a", "b"])
    source = Source("table", inputs, tasks, labels, rows, task_index=index, task_column="task")
    data = MultiTaskDataset((source,), tasks)
    predictions = fit(PooledLinear(), data).predict(data)
    assert [part.tasks for part in fit(PooledLinear(), data).model.parts] == [("p", "q"), ("r",)]
    assert predictions["r"].response.shape == (30, 3)
    assert (predictions["r"].decision == y[index == 2]).mean() > 0.8
