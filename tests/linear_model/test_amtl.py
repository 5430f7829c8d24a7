"""Transfer from some tasks to others: stationarity, descent, equality with plain alternation, its direction."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, softmax

from polytask.linear_model import AMTLClassifier, AMTLRegressor

N_TASKS, N_FEATURES, ETA = 4, 6, 0.05


def related_tasks(n_hard=12, noise=2.0):
    """Two tasks with many rows and little noise; two that are sums of them, with few rows and much noise."""
    random = np.random.default_rng(0)
    easy = random.normal(size=(2, N_FEATURES))
    W = np.stack([easy[0], easy[1], easy[0] + 0.5 * easy[1], easy[1]])
    tasks = np.repeat(np.arange(N_TASKS), [80, 80, n_hard, n_hard])
    X = random.normal(size=(len(tasks), N_FEATURES))
    sizes = np.array([0.3, 0.3, noise, noise])[tasks]
    return X, (X * W[tasks]).sum(axis=1) + sizes * random.normal(size=len(tasks)), tasks


def parts(X, y, tasks):
    """Products of features, with labels, and of labels, around the means of each task."""
    for k in range(N_TASKS):
        own, labels = X[tasks == k], y[tasks == k]
        own, labels = own - own.mean(axis=0), labels - labels.mean()
        n = len(own)
        yield own.T @ own / n, own.T @ labels / n, labels @ labels / n


def losses(moments, W):
    return np.array(
        [0.5 * (w @ G @ w - 2 * c @ w + e) for (G, c, e), w in zip(moments, W, strict=True)]
    )


def objective(moments, W, B, alpha, cost):
    factors = 1 + cost * B.sum(axis=1)
    distances = ((W - B.T @ W) ** 2).sum() + ETA * (W**2).sum()
    return factors @ losses(moments, W) + 0.5 * alpha * distances


def plain_alternation(moments, alpha, cost, W, turns=10):
    """As in the paper: weights for coefficients, with bounds, then coefficients for weights, in one system."""
    identity = np.eye(N_FEATURES)
    B = np.zeros((N_TASKS, N_TASKS))
    bounds = [(0, 0 if s == k else None) for s in range(N_TASKS) for k in range(N_TASKS)]
    for _ in range(turns):

        def of_weights(flat, W=W):
            B = flat.reshape(N_TASKS, N_TASKS)
            slope = alpha * W @ (W.T @ B - W.T) + cost * losses(moments, W)[:, None]
            return objective(moments, W, B, alpha, cost), slope.ravel()

        options = {"ftol": 1e-15, "gtol": 1e-10}
        B = minimize(of_weights, B.ravel(), jac=True, bounds=bounds, options=options).x
        B = B.reshape(N_TASKS, N_TASKS)
        away, factors = np.eye(N_TASKS) - B, 1 + cost * B.sum(axis=1)
        left = np.kron(alpha * (away @ away.T + ETA * np.eye(N_TASKS)), identity)
        for k, (G, _, _) in enumerate(moments):
            own = slice(k * N_FEATURES, (k + 1) * N_FEATURES)
            left[own, own] += factors[k] * G
        right = np.concatenate([f * c for f, (_, c, _) in zip(factors, moments, strict=True)])
        W = np.linalg.solve(left, right).reshape(N_TASKS, N_FEATURES)
    return W, B


@pytest.mark.parametrize("cost", [0.1, 0.4])
def test_plain_alternation_leaves_it_where_it_is(cost):
    X, y, tasks = related_tasks()
    moments = list(parts(X, y, tasks))
    model = AMTLRegressor(alpha=0.5, transfer_cost=cost, eta=ETA, tol=1e-8).fit(X, y, tasks=tasks)
    assert model.transfer_.any()
    W, B = plain_alternation(moments, 0.5, cost, model.coef_)
    assert model.coef_ == pytest.approx(W, abs=1e-4)
    assert model.transfer_ == pytest.approx(B, abs=1e-3)


def check_transfer(B, W, losses_, alpha, cost, tolerance):
    """No weight may be changed with gain."""
    slope = alpha * W @ (W.T @ B - W.T) + cost * losses_[:, None]
    others = ~np.eye(len(B), dtype=bool)
    assert (B >= 0).all()
    assert not np.diag(B).any()
    assert slope[others].min() > -tolerance
    assert np.abs(slope[others & (B > 0)]).max() < tolerance


def test_coefficients_and_weights_of_classes_are_stationary():
    X, y, tasks = related_tasks()
    y = (y > 0).astype(int)
    model = AMTLClassifier(alpha=0.2, transfer_cost=0.1, eta=ETA, tol=1e-6).fit(X, y, tasks=tasks)
    W, B = model.coef_, model.transfer_
    score = model.decision_function(X, tasks=tasks)
    shares = 1 / np.bincount(tasks)[tasks]
    each = np.bincount(tasks, shares * (np.logaddexp(0, score) - y * score))
    check_transfer(B, W, each, 0.2, 0.1, 1e-4)
    left = (expit(score) - y) * shares
    assert np.abs(np.bincount(tasks, left)).max() < 1e-5
    slope = np.stack([left[tasks == k] @ X[tasks == k] for k in range(N_TASKS)])
    away = np.eye(N_TASKS) - B
    whole = (1 + 0.1 * B.sum(axis=1))[:, None] * slope + 0.2 * (away @ away.T @ W + ETA * W)
    assert np.abs(whole).max() < 1e-4
    assert B.any()


@pytest.mark.filterwarnings("ignore:AMTLRegressor stopped")
def test_more_turns_never_raise_the_objective():
    X, y, tasks = related_tasks()
    moments = list(parts(X, y, tasks))
    values = []
    for turns in (1, 2, 3, 5, 8):
        model = AMTLRegressor(alpha=1.0, transfer_cost=0.1, eta=ETA, max_iter=turns, tol=1e-9)
        model.fit(X, y, tasks=tasks)
        values.append(objective(moments, model.coef_, model.transfer_, 1.0, 0.1))
    assert (np.diff(values) <= 1e-9).all()
    assert values[-1] < values[0]


def test_transfer_goes_from_easy_tasks_to_hard_ones():
    X, y, tasks = related_tasks(n_hard=30, noise=4.0)
    model = AMTLRegressor(alpha=1.0, transfer_cost=0.3, eta=ETA).fit(X, y, tasks=tasks)
    assert not model.transfer_[2:].any()
    assert not model.transfer_[:, :2].any()
    assert (model.transfer_[[0, 1], [2, 3]] > 0.5).all()


def test_without_transfer_it_is_a_ridge():
    X, y, tasks = related_tasks()
    model = AMTLRegressor(alpha=0.3, transfer_cost=1e4, eta=ETA).fit(X, y, tasks=tasks)
    ridge = [
        np.linalg.solve(G + 0.3 * (1 + ETA) * np.eye(N_FEATURES), c)
        for G, c, _ in parts(X, y, tasks)
    ]
    assert not model.transfer_.any()
    assert model.coef_ == pytest.approx(np.stack(ridge), abs=1e-4)


@pytest.mark.filterwarnings("ignore:AMTLClassifier stopped")
def test_classes_of_a_task_with_a_loss_together_are_stationary():
    X, y, tasks = related_tasks()
    y, alpha, cost = np.digitize(y, np.quantile(y, [0.3, 0.7])), 0.3, 0.1
    model = AMTLClassifier(alpha, transfer_cost=cost, eta=ETA, loss="multinomial", max_iter=6)
    model.fit(X, y, tasks=tasks)  # coefficients are, for weights of transfer, after every turn
    B, shares = model.transfer_, 1 / np.bincount(tasks)[tasks]
    factors = 1 + cost * B.sum(axis=1).reshape(N_TASKS, 3).mean(axis=1)
    left = softmax(model.decision_function(X, tasks=tasks), axis=1) - np.eye(3)[y]
    left *= (shares * factors[tasks])[:, None]
    slope = np.concatenate([left[tasks == k].T @ X[tasks == k] for k in range(N_TASKS)])
    away = np.eye(3 * N_TASKS) - B
    whole = slope + alpha * (away @ away.T + ETA * np.eye(3 * N_TASKS)) @ model.coef_
    assert np.ptp(B.sum(axis=1).reshape(N_TASKS, 3), axis=1).max() > 0.1
    assert np.abs(whole).max() < 1e-4
