"""Support vector machines of several tasks against scikit-learn's, and their conditions of optimality."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC, SVR, LinearSVC

from polytask.exceptions import DataError, ParameterError
from polytask.kernel_methods import MultiTaskSVC, MultiTaskSVR, _joint_kernel, _support_vectors

pytestmark = pytest.mark.usefixtures("unchecked_types")

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(60, 3))
Y = np.sin(X @ GENERATOR.normal(size=(3, 3))) + 0.3 * GENERATOR.normal(size=(60, 3)) + 1.0
GAPS = np.where(GENERATOR.random(Y.shape) < 0.3, np.nan, Y)
CLASSES = np.where(np.isnan(GAPS), np.nan, GAPS > 1.0)
WEIGHTS = GENERATOR.uniform(0.5, 2.0, size=60)
LOSSES = ("epsilon_insensitive", "squared_epsilon_insensitive")


def known(k):
    rows = np.flatnonzero(~np.isnan(GAPS[:, k]))
    share = WEIGHTS[rows] / WEIGHTS[rows].sum()
    return rows, share


@pytest.mark.parametrize("C", [0.5, 5.0])
def test_independent_tasks_are_scikit_learns_regressions(C):
    alpha = 1 / (C * 40)
    model = MultiTaskSVR(alpha, gamma=0.2, epsilon=(0.1, 0.2, 0.0), shared=0.0)
    model.fit(X, GAPS, sample_weight=WEIGHTS)
    for k, epsilon in enumerate((0.1, 0.2, 0.0)):
        rows, share = known(k)
        alone = SVR(C=C, gamma=0.2, epsilon=epsilon, tol=1e-10)
        alone.fit(X[rows], GAPS[rows, k], sample_weight=40 * share)
        np.testing.assert_allclose(model.predict(X)[:, k], alone.predict(X), atol=1e-6 * max(1, C))


def test_independent_tasks_are_scikit_learns_classifications():
    model = MultiTaskSVC(1 / 40, gamma=0.2, shared=0.0).fit(X, CLASSES, sample_weight=WEIGHTS)
    for k in range(3):
        rows, share = known(k)
        alone = SVC(C=1.0, gamma=0.2, tol=1e-10)
        alone.fit(X[rows], CLASSES[rows, k], sample_weight=40 * share)
        scores = model.decision_function(X)[:, k]
        np.testing.assert_allclose(scores, alone.decision_function(X), atol=1e-6)
        assert abs(int(alone.n_support_.sum()) - model.n_support_[k]) <= 1


def test_squared_hinge_without_intercepts_is_scikit_learns():
    model = MultiTaskSVC(
        0.01, loss="squared_hinge", kernel="linear", shared=0.0, fit_intercept=False, tol=1e-12
    )
    model.fit(X, CLASSES)
    for k in range(3):
        rows, _ = known(k)
        alone = LinearSVC(C=0.5 / (0.01 * len(rows)), fit_intercept=False, tol=1e-10)
        alone.fit(X[rows], CLASSES[rows, k])
        scores = model.decision_function(X)[:, k]
        np.testing.assert_allclose(scores, alone.decision_function(X), atol=1e-6)


@pytest.mark.parametrize("shared", [0.7, 1.0])
@pytest.mark.parametrize("losses", [LOSSES[0], LOSSES[1], (*LOSSES, LOSSES[0])])
def test_the_duality_gap_of_coupled_tasks_closes(shared, losses):
    model = MultiTaskSVR(0.003, loss=losses, shared=shared, gamma=0.3)
    model.fit(X, GAPS, sample_weight=WEIGHTS)
    assert abs(model.dual_gap_) < 1e-9
    row, task = np.nonzero(~np.isnan(GAPS))
    own = np.concatenate([known(k)[1] for k in range(3)])
    weight = np.empty(len(row))
    weight[np.argsort(task, kind="stable")] = own
    short = np.maximum(np.abs(GAPS - model.predict(X))[row, task] - 0.1, 0.0)
    squared = np.array([("squared" in loss) for loss in np.broadcast_to(losses, 3)])[task]
    norm = np.linalg.pinv(model.task_covariance_) * (
        model.dual_coef_.T @ rbf_kernel(model.support_vectors_, gamma=0.3) @ model.dual_coef_
    )
    total = weight @ np.where(squared, short**2 / 2, short) + 0.0015 * norm.sum()
    assert total == pytest.approx(model.objective_, rel=1e-6)


def test_working_sets_find_the_solution_of_all_coefficients(monkeypatch):
    whole = MultiTaskSVR(0.01).fit(X, GAPS)
    monkeypatch.setattr(_support_vectors, "_MOST_WORK", 0)
    monkeypatch.setattr(_support_vectors, "_WORKING_SET", 20)
    monkeypatch.setattr(_support_vectors, "_LARGEST_SET", 60)
    parts = MultiTaskSVR(0.01, tol=1e-9).fit(X, GAPS)
    assert parts.n_iter_ > whole.n_iter_
    np.testing.assert_allclose(parts.predict(X), whole.predict(X), atol=1e-4)
    task = np.arange(60) % 3
    own = GAPS.copy()
    own[np.arange(3) != task[:, None]] = np.nan
    known_rows = ~np.isnan(own).all(axis=1)
    rows, ids = X[known_rows], task[known_rows]
    y = np.nansum(own[known_rows], axis=1)
    table = MultiTaskSVR(0.01, tol=1e-9).fit(rows, own[known_rows])
    apart = MultiTaskSVR(0.01, tol=1e-9).fit(sparse.csr_array(rows), y, tasks=ids)
    np.testing.assert_allclose(apart.predict(sparse.csr_array(X)), table.predict(X), atol=1e-4)
    with pytest.warns(ConvergenceWarning, match=r"relative duality gap.*`max_iter`"):
        MultiTaskSVR(0.01, max_iter=1).fit(X, GAPS)
    monkeypatch.setattr(_support_vectors.SupportVectors, "improve", lambda self, chosen: False)
    with pytest.warns(ConvergenceWarning, match=r"last set did not improve it: raise `alpha`"):
        MultiTaskSVR(0.01).fit(X, GAPS)


@pytest.mark.parametrize("own_rows", [False, True])
def test_blocks_and_features_of_rows_give_the_solution_of_all_entries(monkeypatch, own_rows):
    labels = np.sin(X @ np.arange(18.0).reshape(3, 6)) + np.tile(Y, 2)
    rows, columns = np.nonzero(GENERATOR.random(labels.shape) < (0.2 if own_rows else 0.6))
    data = X[rows], labels[rows, columns]
    settings = {"alpha": 0.003, "shared": 0.7, "loss": (*LOSSES, "epsilon_insensitive") * 2}
    models = []
    for few_columns in (0.0, 1.0):
        monkeypatch.setattr(_joint_kernel, "dense_work", lambda n, few=few_columns: few * 1e9)
        models.append(MultiTaskSVR(**settings).fit(*data, tasks=columns))
    np.testing.assert_allclose(models[1].predict(X), models[0].predict(X), atol=1e-7)
    if own_rows:
        return
    monkeypatch.setattr(_joint_kernel, "_LANDMARKS", 15)
    monkeypatch.setattr(_joint_kernel, "_AT_ONCE", 0)
    rough = MultiTaskSVR(**settings, tol=1e-6).fit(*data, tasks=columns)
    assert rough.dual_gap_ < 1e-6
    assert rough.n_iter_ > 1
    np.testing.assert_allclose(rough.predict(X), models[0].predict(X), atol=1e-2)
    assert rough.n_support_.sum() < 1.3 * models[0].n_support_.sum()


def test_parts_of_tasks_that_share_nothing_are_all_solved_by_few_features(monkeypatch):
    monkeypatch.setattr(_joint_kernel, "_LANDMARKS", 20)
    monkeypatch.setattr(_joint_kernel, "_AT_ONCE", 0)
    pairs = np.kron(np.eye(3), [[1.0, 0.6], [0.6, 1.0]])
    model = MultiTaskSVR(0.003, task_covariance=pairs, tol=1e-4).fit(X, np.hstack([Y, Y + 1]))
    assert model.dual_gap_ < 1e-4


def test_equal_rows_with_different_labels_are_solved():
    labels = np.round(Y, 1)
    repeated = np.tile(X[:15], (4, 1))
    model = MultiTaskSVR(1e-4, shared=1.0).fit(repeated, labels)
    assert model.dual_gap_ < 1e-6


def test_a_learned_covariance_finds_opposite_tasks_and_lowers_the_objective():
    first = np.sin(X[:, 0])
    labels = np.stack([first, -first, np.cos(2 * X[:, 1])], axis=1)
    options = {"epsilon": 0.01, "gamma": 0.5}
    fixed = MultiTaskSVR(0.01, shared=0.0, **options).fit(X, labels)
    model = MultiTaskSVR(0.01, shared=0.0, task_covariance="learned", **options).fit(X, labels)
    learned = model.task_covariance_
    assert np.trace(learned) == pytest.approx(3.0)
    assert learned[0, 1] < -0.8 * np.sqrt(learned[0, 0] * learned[1, 1])
    kernel = rbf_kernel(fixed.support_vectors_, gamma=0.5)
    unit = 1e-3 * np.trace(fixed.dual_coef_.T @ kernel @ fixed.dual_coef_) / 3
    inverse = 0.005 * unit * np.trace(np.linalg.inv(learned))
    assert model.objective_ + inverse < fixed.objective_ + 0.005 * unit * 3


def test_probabilities_have_the_scale_of_rows_that_were_not_learned():
    generator = np.random.default_rng(1)
    inputs = generator.normal(size=(300, 4))
    labels = (inputs[:, :1] + 1.5 * generator.normal(size=(300, 2)) > 0).astype(float)
    settings = {"alpha": 1e-4, "gamma": 0.2, "tol": 1e-3}
    plain = MultiTaskSVC(**settings, calibration_folds=0).fit(inputs[:150], labels[:150])
    model = MultiTaskSVC(**settings).fit(inputs[:150], labels[:150])
    losses = [
        log_loss(labels[150:, 0], each.predict_proba(inputs[150:])[:, 0]) for each in (plain, model)
    ]
    assert losses[1] < min(losses[0], 0.7)
    decided = model.predict_proba(inputs) > 0.5
    assert (decided == model.predict(inputs)).all()


def test_classes_that_tasks_have_in_common_share():
    tasks = np.repeat(["a", "b"], 30)
    labels = np.digitize(X[:, 0], [-0.5, 0.5])
    model = MultiTaskSVC(calibration_folds=0).fit(X, labels, tasks=tasks)
    assert (model.task_covariance_[:3, 3:] == 0.5 * np.eye(3)).all()
    assert model.predict_proba(X, tasks=tasks).shape == (60, 3)


def test_numbers_and_classes_share_a_machine():
    labels = np.stack([X[:, 0], np.where(X[:, 0] > 0, 7.0, 3.0)], axis=1)
    model = MultiTaskSVR(1e-3, loss=("epsilon_insensitive", "hinge"), shared=0.9).fit(X, labels)
    assert set(model.predict(X)[:, 1]) == {3.0, 7.0}
    assert (model.predict(X)[:, 1] == labels[:, 1]).mean() > 0.95
    assert np.abs(model.predict(X)[:, 0] - labels[:, 0]).mean() < 0.15
    task = np.arange(60) % 2
    each = model.predict(X, tasks=task)
    np.testing.assert_allclose(each, model.predict(X)[np.arange(60), task])
    alone = MultiTaskSVR(1e-3, loss="hinge", shared=0.0, gamma=model.gamma_).fit(X, labels[:, 1])
    twin = MultiTaskSVC(1e-3, gamma=model.gamma_).fit(X, labels[:, 1])
    np.testing.assert_allclose(alone.raw_scores(X), twin.decision_function(X), atol=1e-8)
    with pytest.raises(DataError, match=r"two classes in task 0"):
        MultiTaskSVR(loss=("hinge", "hinge")).fit(X, labels)


def test_bad_settings_are_named(monkeypatch):
    with pytest.raises(ParameterError, match=r"`loss`.*each of the 3 tasks"):
        MultiTaskSVR(loss=LOSSES).fit(X, Y)
    with pytest.raises(ParameterError, match=r"`task_covariance`.*3 × 3"):
        MultiTaskSVC(task_covariance=np.eye(2)).fit(X, CLASSES)
    monkeypatch.setattr("polytask.kernel_methods._support_vector_machine._MOST_ROWS", 10)
    with pytest.raises(DataError, match=r"at most 10. Got 60 rows"):
        MultiTaskSVR().fit(X, Y)


def test_the_learned_covariance_is_the_best_for_the_functions():
    learned = MultiTaskSVR(0.01, task_covariance="learned", epsilon=0.0, tol=1e-9).fit(X, Y)
    first = MultiTaskSVR(0.01, epsilon=0.0, tol=1e-9).fit(X, Y)

    def inner(model):
        kernel = rbf_kernel(model.support_vectors_, gamma=model.gamma_)
        return model.dual_coef_.T @ kernel @ model.dual_coef_

    gramian = inner(learned) + 1e-3 * np.trace(inner(first)) / 3 * np.eye(3)

    def height(matrix):
        return np.trace(gramian @ np.linalg.inv(matrix))

    best = learned.task_covariance_
    for _ in range(20):
        change = GENERATOR.normal(size=(3, 3)) * 0.1
        change = change + change.T
        other = best + change - np.trace(change) / 3 * np.eye(3)
        assert height(best) <= height(other) * (1 + 1e-4)
