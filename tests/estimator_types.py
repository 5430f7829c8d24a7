"""The types that estimators in saved models are made of, found by saving every estimator.

Run it to write `polytask.predictor._trusted_types` anew, and read the difference before you
commit it: what is listed there is instantiated from any file.
"""

import inspect
import io
import json
import subprocess
import warnings
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import polars as pl
import skops.io
from sklearn import (
    calibration,
    ensemble,
    gaussian_process,
    linear_model,
    model_selection,
    neighbors,
    svm,
)
from sklearn.compose import TransformedTargetRegressor
from sklearn.gaussian_process import kernels
from sklearn.multioutput import ClassifierChain, MultiOutputRegressor, RegressorChain
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.utils import all_estimators
from skops.io.exceptions import UnsupportedTypeException

from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.exceptions import ParameterError
from polytask.learners import GradientBoosting, Linear, PerTaskEstimator, PooledLinear
from polytask.predictor._skops_schema import _name, _nodes, is_estimator
from polytask.tasks import Task

HOME = Path(__file__).parents[1] / "src/polytask/predictor/_trusted_types.py"
ALONE = {"FunctionNode", "JsonNode", "PartialNode"}
"""Loaders that `_skops_schema` judges by more than the type."""
CALLED = {"FunctionNode", "MethodNode", "OperatorFuncNode"}
PARTIAL = "PartialNode.content.func"
FEATURES = ("x0", "x1", "x2", "colour")
OF_OTHER_VERSIONS = {"SparseMatrixNode": {"scipy.sparse._csr.csr_matrix": {"of older ones"}}}
_RIDGE = linear_model.Ridge()
_LOGISTIC = linear_model.LogisticRegression()


TASKS = (
    Task("y", "regression"),
    Task("both", "regression", target=("y", "z")),
    Task("two", "binary"),
    Task("three", "multiclass"),
)


def table(*, wide: bool = False) -> pl.DataFrame:
    """Positive numbers, a category (of very many values if wide), a regression and classes."""
    generator = np.random.default_rng(0)
    n = 150 if wide else 60
    X = np.abs(generator.normal(size=(n, 3)))
    y = X[:, 0] + X[:, 1] + 0.1 * np.abs(generator.normal(size=n)) + 0.1
    return pl.DataFrame(
        {
            **{f"x{j}": X[:, j] for j in range(3)},
            "colour": [f"c{i % (120 if wide else 3)}" for i in range(n)],
            "y": y,
            "z": y**2,
            "two": np.where(y > np.median(y), "yes", "no"),
            "three": np.array(["a", "b", "c"])[np.digitize(y, np.quantile(y, [0.3, 0.6]))],
        }
    )


def estimators() -> Iterator[Any]:
    """Every regressor and classifier of scikit-learn, and variants of those with parts."""
    for kind in ("regressor", "classifier"):
        for _, estimator in all_estimators(kind):
            needed = [
                parameter.name
                for parameter in inspect.signature(estimator).parameters.values()
                if parameter.default is parameter.empty
                and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
            ]
            inner = _RIDGE if kind == "regressor" else _LOGISTIC
            given = {
                "estimator": inner,
                "base_estimator": inner,
                "final_estimator": inner,
                "estimators": [("one", inner), ("two", inner)],
                "param_grid": {},
                "param_distributions": {},
            }
            if "final_estimator" in inspect.signature(estimator).parameters:
                needed.append("final_estimator")
            yield estimator(**{name: given.get(name) for name in needed})
    for _, transformer in all_estimators("transformer"):
        with suppress(TypeError):  # of those that need something inside
            yield make_pipeline(transformer(), _RIDGE)
    for search in (model_selection.GridSearchCV, model_selection.RandomizedSearchCV):
        yield search(_RIDGE, {"alpha": [1.0, 2.0]}, cv=2)
        yield search(_LOGISTIC, {"C": [1.0, 2.0]}, cv=2)
    yield from _boosting()
    yield from _neighbours()
    yield from _processes()
    for loss in ("hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron"):
        yield calibration.CalibratedClassifierCV(linear_model.SGDClassifier(loss=loss))
        yield linear_model.SGDClassifier(loss=loss)
    for loss in ("squared_error", "huber", "epsilon_insensitive"):
        yield linear_model.SGDRegressor(loss=loss)
    yield calibration.CalibratedClassifierCV(svm.LinearSVC(), method="isotonic")
    yield svm.SVC(probability=True)
    yield make_pipeline(StandardScaler(with_mean=False), PolynomialFeatures(), _RIDGE)
    yield TransformedTargetRegressor(_RIDGE, transformer=StandardScaler())
    yield MLPRegressor(solver="sgd", max_iter=5)
    yield MLPRegressor(solver="lbfgs", max_iter=5)
    for keys in ((0, 1, 2), (0.0, 1.0, 2.0)):
        yield linear_model.LogisticRegression(class_weight=dict.fromkeys(keys, 1.5))
    for number in (np.float32(2), np.float64(2), np.int32(2), np.int64(2)):
        yield linear_model.Ridge(alpha=number)
    yield linear_model.Ridge(positive=np.bool_(False))
    yield ClassifierChain(_LOGISTIC)
    yield RegressorChain(_RIDGE)
    yield MultiOutputRegressor(_RIDGE)


def _boosting() -> Iterator[Any]:
    for loss in ("absolute_error", "poisson", "gamma", "quantile"):
        extra = {"quantile": 0.3} if loss == "quantile" else {}
        yield ensemble.HistGradientBoostingRegressor(loss=loss, max_iter=3, **extra)
    for loss in ("absolute_error", "huber", "quantile"):
        yield ensemble.GradientBoostingRegressor(loss=loss, n_estimators=3)
    yield ensemble.GradientBoostingClassifier(loss="exponential", n_estimators=3)
    yield ensemble.RandomForestRegressor(n_estimators=2, criterion="absolute_error")
    yield linear_model.TweedieRegressor(power=1.5)
    yield linear_model.TweedieRegressor(power=3)


def _neighbours() -> Iterator[Any]:
    for algorithm in ("kd_tree", "ball_tree", "brute"):
        for settings in ({}, {"p": 1}, {"p": 3}, {"metric": "chebyshev"}):
            yield neighbors.KNeighborsRegressor(algorithm=algorithm, **settings)


def _processes() -> Iterator[Any]:
    rbf, white = kernels.RBF(), kernels.WhiteKernel()
    whole = (
        kernels.ConstantKernel() * kernels.Matern() ** 2
        + kernels.RationalQuadratic() * kernels.DotProduct()
        + kernels.ExpSineSquared()
        + white
    )
    for kernel in (whole, rbf, kernels.CompoundKernel([rbf, white])):
        yield gaussian_process.GaussianProcessRegressor(kernel, optimizer=None)


def learners() -> Iterator[Any]:
    """The learners of this package, and those around every estimator."""
    yield from (Linear(), PooledLinear(), GradientBoosting(max_iter=3))
    for estimator in estimators():
        with suppress(ParameterError):  # of those that predict only with an estimator inside
            yield PerTaskEstimator(estimator)
            yield PerTaskEstimator(estimator, categorical="codes")


def saved(learner: Any, frame: pl.DataFrame) -> Iterator[tuple[Any, bytes]]:
    """The estimators of each task that the learner can learn, and their skops file."""
    for task in TASKS:
        data = MultiTaskDataset.from_table(frame, [task], features=FEATURES)
        if not learner.serves(data.tasks):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fitted = learner.fit(data, data, 0, Budget())
        except Exception:  # noqa: BLE001 - not every estimator learns from every table
            continue
        for part in fitted.model.parts:
            with suppress(UnsupportedTypeException):
                yield part.estimators, skops.io.dumps(list(part.estimators))


def found_types(*, wide: bool = False) -> dict[str, dict[str, set[str]]]:
    """By loader and type, the estimators whose files hold it, and that need no function."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    frame = table(wide=wide)
    for learner in learners():
        for (first, *_), content in saved(learner, frame):
            name = type(first[0] if isinstance(first, Pipeline) else first).__name__
            schema = json.loads(ZipFile(io.BytesIO(content)).read("schema.json"))
            nodes = list(_nodes(schema))
            if any(node["__loader__"] in CALLED and place != PARTIAL for node, place in nodes):
                continue  # who wants it names what it calls
            for node, _ in nodes:
                loader, kind = node["__loader__"], _name(node)
                if loader not in ALONE and not (loader == "ObjectNode" and is_estimator(kind)):
                    found[loader][kind].add(name)
    return found


def module(found: dict[str, dict[str, set[str]]]) -> str:
    """The source of the list."""
    lines = [
        '"""The types that scikit-learn\'s fitted estimators are made of, by the loader of skops.',
        "",
        "Written by ``tests/estimator_types.py``, which saves every estimator that a learner here can",
        "be given; subclasses of BaseEstimator are judged by where they are defined and not listed.",
        '"""',
        "",
        '__all__ = ["TRUSTED_TYPES"]',
        "",
        "TRUSTED_TYPES: dict[str, frozenset[str]] = {",
    ]
    for loader in sorted(found):
        lines.append(f'    "{loader}": frozenset({{')
        lines += [f'        "{name}",' for name in sorted(found[loader])]
        lines.append("    }),")
    return "\n".join([*lines, "}", ""])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    both = found_types()
    for loader, names in found_types(wide=True).items():
        for name, users in names.items():
            both[loader][name] |= users
    for loader, names in OF_OTHER_VERSIONS.items():
        both[loader].update(names)
    for loader in both:
        for name, users in sorted(both[loader].items()):
            print(loader, name, *sorted(users)[:4])  # noqa: T201
    if HOME.parent.is_dir():
        HOME.write_text(module(both))
        subprocess.run(["ruff", "format", HOME], check=False)
