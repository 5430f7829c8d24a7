"""Boosting of trees in common and of each task, against scikit-learn's booster and planted functions."""

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingRegressor

from polytask.datafits import Logistic, Squared
from polytask.exceptions import DataError
from polytask.tree_models import MultiTaskBoostingClassifier, MultiTaskBoostingRegressor
from polytask.tree_models._bins import Bins
from polytask.tree_models._majorant import working_labels
from polytask.tree_models._trees import BoostedTrees, Booster

pytestmark = pytest.mark.usefixtures("unchecked_types")

GENERATOR = np.random.default_rng(0)
X = GENERATOR.uniform(-1, 1, size=(120, 3))
SIGNAL = np.sin(3 * X[:, 0])
Y = SIGNAL[:, None] + np.stack([X[:, 1], 0 * X[:, 1], np.abs(X[:, 2])], axis=1)
Y += 0.1 * GENERATOR.normal(size=Y.shape)
GAPS = np.where(GENERATOR.random(Y.shape) < 0.3, np.nan, Y)
SMALL = {"max_leaf_nodes": 4, "min_samples_leaf": 5, "random_state": 0}
ALL_ROUNDS = {**SMALL, "max_iter": 15, "folds": None}


def booster(**more):
    settings = {"max_leaf_nodes": 4, "min_samples_leaf": 5, "max_iter": 15, **more}
    return HistGradientBoostingRegressor(**settings, early_stopping=False)


def test_one_task_is_the_booster_alone():
    model = MultiTaskBoostingRegressor(**ALL_ROUNDS).fit(X, Y[:, 0])
    assert model.predict(X) == pytest.approx(booster().fit(X, Y[:, 0]).predict(X), abs=1e-6)
    assert (model.n_common_iter_, model.n_own_iter_) == ([15], [0])


def test_the_common_trees_are_the_booster_of_all_labels_one_after_another():
    model = MultiTaskBoostingRegressor(**ALL_ROUNDS | {"min_samples_leaf": 1}, shrinkage=1e15)
    model.fit(X, GAPS)
    row, task = np.nonzero(~np.isnan(GAPS))
    units = (GAPS - np.nanmean(GAPS, axis=0)) / np.nanstd(GAPS, axis=0)
    weight = 1 / np.bincount(task)[task]
    stacked = booster(min_samples_leaf=1).fit(X[row], units[row, task], sample_weight=weight)
    wanted = np.nanmean(GAPS, axis=0) + np.nanstd(GAPS, axis=0) * stacked.predict(X)[:, None]
    assert model.predict(X) == pytest.approx(wanted, abs=1e-5)


def test_own_trees_are_the_booster_of_what_is_left():
    model = MultiTaskBoostingRegressor(**ALL_ROUNDS, shrinkage=0.0).fit(X, Y)
    numbers = Bins(model.features_, model.bin_edges_).numbers(X)
    common = sum(part.predict(numbers) for part in model.common_[0])
    residual = (Y[:, 1] - Y[:, 1].mean()) / Y[:, 1].std() - common
    wanted = common + booster().fit(X, residual).predict(X)
    assert model.predict(X)[:, 1] == pytest.approx(
        Y[:, 1].mean() + Y[:, 1].std() * wanted, abs=1e-5
    )


def test_levels_of_tasks_are_shrunk_by_rows_without_a_deviation():
    tasks = np.repeat([0, 1], [100, 20])
    y = np.where(tasks == 1, 3.0, -1.0)
    settings = ALL_ROUNDS | {"min_samples_leaf": 200, "max_iter": 1}  # no split
    model = MultiTaskBoostingRegressor(**settings, standardize=False, shrinkage=5.0)
    answers = model.fit(X, y, tasks=tasks).predict(X[:1])[0]
    assert answers == pytest.approx([1 - 2 * 100 / 105, 1 + 2 * 20 / 25])


def test_tasks_use_the_common_part_where_it_helps_and_own_trees_where_they_do():
    twins = np.stack([SIGNAL, SIGNAL, np.sin(4 * X[:, 1])], axis=1)
    noise = 0.3 * np.random.default_rng(1).normal(size=twins.shape)
    model = MultiTaskBoostingRegressor(**SMALL).fit(X, twins + noise)
    constant, common, both = model.validation_loss_
    assert (model.n_common_iter_[:2] > 5).all()
    assert (common[:2] < 0.6 * constant[:2]).all()
    assert model.n_own_iter_[2] > 5
    assert both[2] < 0.7 * min(constant[2], common[2])
    assert (both <= common + 1e-3).all()


def test_rounds_are_those_of_fewer_rows_and_no_more_than_allowed():
    model = MultiTaskBoostingRegressor(**SMALL, max_iter=7).fit(X, Y)
    assert model.n_common_iter_.max() == model.n_own_iter_.max() == 7
    coarse = MultiTaskBoostingRegressor(**SMALL, max_iter=7, max_bins=2).fit(X, Y)
    assert len(np.unique(coarse.predict(X)[:, 0])) <= 8  # two values of each of three features
    again = MultiTaskBoostingRegressor(**SMALL, max_iter=7).fit(X, Y)
    assert (again.predict(X) == model.predict(X)).all()


def test_features_of_each_split_are_drawn_anew_in_each_booster():
    settings = {**SMALL, "max_features": 0.4, "max_iter": 30}
    one, again, other = (
        MultiTaskBoostingRegressor(**settings | {"random_state": seed}).fit(X, Y).predict(X)
        for seed in (0, 0, 1)
    )
    assert (one == again).all()
    assert (one != other).any()
    start = {"max_features": 0.4, "min_samples_leaf": 5, "random_state": 0, "max_bins": 255}
    drawn = Booster(Squared(), start | {"max_leaf_nodes": 2})
    first, second = (drawn.fit(X, Y[:, 0], np.ones(120), 9, part).predict(X) for part in (0, 1))
    assert (first != second).any()


def test_features_that_no_split_can_divide_are_left_out_and_change_nothing():
    rare = np.zeros((120, 3))
    rare[:4, 0], rare[5:10, 1], rare[:, 2] = 1.0, np.nan, 7.0
    wide = np.hstack([rare, X])
    model = MultiTaskBoostingRegressor(**ALL_ROUNDS).fit(wide, Y)
    assert list(model.features_) == [1, 3, 4, 5]
    plain = booster().fit(wide, Y[:, 0]).predict(wide)
    one = MultiTaskBoostingRegressor(**ALL_ROUNDS).fit(wide, Y[:, 0])
    assert one.predict(wide) == pytest.approx(plain, abs=1e-6)
    flat = MultiTaskBoostingRegressor(**ALL_ROUNDS).fit(rare[:, :1], Y)
    assert np.ptp(flat.predict(rare[:, :1]), axis=0) == pytest.approx(0)


def test_many_values_have_bins_of_as_many_rows_each_which_keep_their_order():
    generator = np.random.RandomState(0)
    values = np.exp(2 * generator.normal(size=(3000, 1)))
    values[:30] = np.nan
    bins = Bins.of(values, 16, 1, generator)
    numbers = bins.numbers(values)
    assert np.isnan(numbers[:30]).all()
    counts = np.unique(numbers[30:], return_counts=True)[1]
    assert len(counts) == bins.most == 16
    assert (np.abs(counts - 2970 / 16) <= 1).all()
    order = np.argsort(values[30:, 0])
    assert (np.diff(numbers[30:, 0][order]) >= 0).all()


def test_values_between_those_of_training_rows_go_where_scikit_learn_sends_them():
    new = np.random.default_rng(5).uniform(-1.1, 1.1, size=(200, 3))
    one = MultiTaskBoostingRegressor(**ALL_ROUNDS).fit(X, Y[:, 0])
    assert one.predict(new) == pytest.approx(booster().fit(X, Y[:, 0]).predict(new), abs=1e-6)


def test_features_may_be_missing_and_labels_too():
    thin = np.where(np.random.default_rng(2).random(X.shape) < 0.2, np.nan, X)
    for model, labels in (
        (MultiTaskBoostingRegressor(**SMALL, max_iter=10), GAPS),
        (
            MultiTaskBoostingClassifier(**SMALL, max_iter=10),
            np.where(np.isnan(GAPS), GAPS, GAPS > 0),
        ),
    ):
        assert np.isfinite(model.fit(thin, labels).predict(thin)).all()
        assert model.score(thin, labels) > 0.5
    with pytest.raises(DataError, match=r"[Ss]parse"):
        MultiTaskBoostingRegressor().fit(sparse.csr_array(X), Y)


def test_tasks_of_two_rows_stay_near_the_others():
    tasks = np.array(["b"] * 117 + ["a"] * 2 + ["c"])
    model = MultiTaskBoostingRegressor(**SMALL, max_iter=10, standardize=False, shrinkage=50.0)
    model.fit(X, Y[:, 0], tasks=tasks)
    answers = model.predict(X)
    assert np.isfinite(answers).all()
    assert np.abs(answers[:, 0] - answers[:, 1]).mean() < 0.2
    assert model.predict(X[-1:], tasks=["c"]) == pytest.approx(answers[-1, 2])


def test_quadratics_lie_above_the_loss_and_touch_it():
    scores = np.repeat([-6.0, -1.0, 0.0, 1e-5, 3.0], 41)
    moves = np.tile(np.linspace(-8, 8, 41), 5)
    for loss in (Logistic(), Squared()):
        for label in (0.0, 1.0):
            labels = np.full(len(scores), label)
            steps, curvature = working_labels(loss, scores, labels)
            squares = np.square(moves - steps) - np.square(steps)
            above = loss.loss(scores, labels) + curvature / 2 * squares
            assert (above >= loss.loss(scores + moves, labels) - 1e-9).all()
            assert steps * curvature == pytest.approx(-loss.slope(scores, labels))


def test_no_block_raises_the_log_loss_of_a_rare_class():
    labels = (Y[:, 0] > 1.4).astype(float)
    assert 0.02 < labels.mean() < 0.1
    settings = {"max_leaf_nodes": 8, "min_samples_leaf": 2, "early_stopping": False}
    settings |= {"random_state": 0, "max_bins": 255}
    start, ones = np.full(120, -3.0), np.ones(120)
    booster = Booster(Logistic(), {**settings, "learning_rate": 0.5})
    trees = BoostedTrees(booster, X, np.arange(120), labels, ones, start)
    losses = [Logistic().loss(trees.scores, labels).mean()]
    for _ in range(6):
        trees.boost(10)
        losses.append(Logistic().loss(trees.scores, labels).mean())
    assert (np.diff(losses) < 0).all()
    assert losses[-1] < 0.03


def test_classes_of_the_same_name_have_trees_in_common():
    grades = np.digitize(Y[:, 0], [-0.5, 0.5])
    names = np.array(["low", "middle", "high"])[grades]
    mixed = np.stack([names, np.where(Y[:, 1] > 0, "high", "low"), names[::-1]], axis=1)
    model = MultiTaskBoostingClassifier(**SMALL, max_iter=10).fit(X, mixed.astype(object))
    assert list(model.group_) == [0, 1, 2, 3, 0, 1, 2]
    assert len(model.common_) == 4
    assert not model.n_own_iter_[3]  # the only task of two classes
    assert np.mean(model.predict(X)[:, 0] == names) > 0.6


@pytest.mark.slow
def test_planted_common_and_own_parts_are_learned_better_than_pooled_and_apart():
    def errors(seed):
        generator = np.random.default_rng(seed)
        tasks = np.repeat(np.arange(8), 40)
        inputs = generator.uniform(-1, 1, size=(2 * len(tasks), 4))
        slopes = generator.normal(size=8)
        both = np.tile(tasks, 2)
        truth = np.sin(4 * inputs[:, 0]) * 2 + slopes[both] * (1 + inputs[:, 1])
        y = truth + 0.5 * generator.normal(size=len(truth))
        train, test = slice(0, len(tasks)), slice(len(tasks), None)
        settings = {"max_leaf_nodes": 4, "random_state": 0, "standardize": False}

        def error(model):
            answer = model.fit(inputs[train], y[train], tasks=tasks).predict(
                inputs[test], tasks=tasks
            )
            return np.square(answer - truth[test]).mean()

        together = error(MultiTaskBoostingRegressor(**settings))
        pooled = error(MultiTaskBoostingRegressor(**settings, shrinkage=1e12))
        apart = np.mean(
            [
                np.square(
                    MultiTaskBoostingRegressor(**settings)
                    .fit(inputs[train][tasks == k], y[train][tasks == k])
                    .predict(inputs[test][tasks == k])
                    - truth[test][tasks == k]
                ).mean()
                for k in range(8)
            ]
        )
        return pooled - together, apart - together

    gains = np.array([errors(seed) for seed in range(4)])
    spread = gains.std(axis=0, ddof=1) / np.sqrt(len(gains))
    assert (gains.mean(axis=0) > 3 * spread).all()


@pytest.mark.slow
def test_log_odds_of_a_planted_event_are_learned():
    generator = np.random.default_rng(3)
    inputs = generator.uniform(-1, 1, size=(1500, 3))
    odds = np.stack(
        [2 * np.sign(inputs[:, 0]) - 2, 2 * np.sign(inputs[:, 0]) + inputs[:, 1]], axis=1
    )
    events = (generator.random(odds.shape) < expit(odds)).astype(float)
    model = MultiTaskBoostingClassifier(max_leaf_nodes=4, random_state=0).fit(inputs, events)
    error = np.abs(model.predict_proba(inputs) - expit(odds)).mean(axis=0)
    assert (error < 0.06).all()
