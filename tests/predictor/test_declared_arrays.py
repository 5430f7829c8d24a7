"""Fitted arrays of joint estimators from a file have the kinds and axes that their class declares."""

import copy
from functools import cache

import numpy as np
import pytest
import skops.io
from forgery import files_of, resealed, trap

from polytask.bookkeeping import Budget
from polytask.exceptions import BundleError
from polytask.gaussian_processes import ICMRegressor, LMCRegressor
from polytask.kernel_methods import (
    KroneckerGaussianProcessRegressor,
    MultipleKernelRegressor,
    MultiTaskKernelRidgeClassifier,
    MultiTaskSVC,
)
from polytask.learners import resolve_learner
from polytask.linear_model import L21Regressor, PathSearchCV
from polytask.predictor import load
from polytask.predictor._estimator_checks import check_estimators
from polytask.testing import tiny_dataset

SKOPS = "estimators.skops"


@cache
def fitted(name):
    random = np.random.default_rng(0)
    X = random.normal(size=(18, 2))
    Y = np.stack([X[:, 0], X.sum(axis=1), X[:, 1]], axis=1) + 0.1 * random.normal(size=(18, 3))
    gaps = np.where(random.random(Y.shape) < 0.2, np.nan, Y)
    gaps[:4] = Y[:4]
    classes = np.digitize(Y, [-0.4, 0.4])
    makers = {
        "complete": lambda: ICMRegressor(draws=2).fit(X, Y),
        "gaps": lambda: ICMRegressor(draws=0).fit(X, gaps),
        "inducing": lambda: LMCRegressor(inducing=4).fit(X, Y),
        "kronecker": lambda: KroneckerGaussianProcessRegressor().fit(X, Y),
        "kernels": lambda: MultipleKernelRegressor().fit(X, Y),
        "ridge": lambda: MultiTaskKernelRidgeClassifier().fit(X, classes),
        "svc": lambda: MultiTaskSVC(calibration_folds=0).fit(X, classes),
        "search": lambda: PathSearchCV(L21Regressor(), n_alphas=4, cv=2).fit(X, Y),
    }
    return makers[name]()


def text(array):
    return array.astype(str)


def shorter(array):
    return array[..., :-1]


def flat(array):
    return array.ravel()


FORGERIES = [
    *(("complete", name, text) for name in ("_spread", "_count", "_row", "_shape", "noise_")),
    *(("complete", name, shorter) for name in ("_spread", "_count", "_features", "_shape")),
    *(("gaps", name, shorter) for name in ("_row", "_task", "_label", "_weight", "noise_")),
    *(("gaps", name, flat) for name in ("_vectors", "task_covariances_", "length_scales_")),
    *(("inducing", name, shorter) for name in ("_root", "_count", "task_covariance_")),
    *(("kronecker", name, text) for name in ("_spread", "_shares", "_vectors")),
    *(
        ("kronecker", name, shorter)
        for name in ("_spread", "_sizes", "_spectrum", "_shares", "_vectors", "noise_")
    ),
    *(("kernels", name, shorter) for name in ("kernel_weights_", "kernel_sizes_", "dual_coef_")),
    ("kernels", "kernel_names_", shorter),
    *(("ridge", name, shorter) for name in ("task_covariance_", "dual_coef_", "intercept_")),
    *(("svc", name, shorter) for name in ("n_support_", "task_covariance_")),
    ("search", "losses_", flat),
    ("search", "alphas_", text),
]


@pytest.mark.parametrize(
    ("name", "attribute", "change"),
    FORGERIES,
    ids=[f"{name}-{attribute}-{change.__name__}" for name, attribute, change in FORGERIES],
)
def test_arrays_of_another_kind_or_shape_are_refused(name, attribute, change):
    model = copy.deepcopy(fitted(name))
    check_estimators(model)
    vars(model)[attribute] = change(vars(model)[attribute])
    with pytest.raises(ValueError, match=f"of {type(model).__name__} (is no array|has)"):
        check_estimators(model)


@pytest.mark.parametrize(("attribute", "change"), [("_count", shorter), ("_spread", text)])
def test_a_saved_process_whose_intervals_would_fail_is_not_loaded(tmp_path, attribute, change):
    """Predictions do not read these arrays; standard deviations and intervals do."""
    data = tiny_dataset(["regression"] * 3, n_rows=20)
    predictor = resolve_learner("icm(max_iter=5, draws=0)").fit(data, data, 0, Budget())
    predictor.save(tmp_path / "model")
    load(tmp_path / "model")
    files = files_of(tmp_path / "model")
    trusted = skops.io.get_untrusted_types(data=files[SKOPS])
    estimators = skops.io.loads(files[SKOPS], trusted=trusted)
    model = estimators[0][0]
    vars(model)[attribute] = change(vars(model)[attribute])
    files[SKOPS] = skops.io.dumps(estimators)
    folder = resealed(files, tmp_path / "forged")
    with trap(folder) as alarms, pytest.raises(BundleError, match=f"{attribute} of ICMRegressor"):
        load(folder)
    assert not alarms
