"""Answers of fitted scikit-learn estimators: predicted numbers and class probabilities."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64

__all__ = [
    "gives_deviations",
    "gives_numbers",
    "gives_probabilities",
    "has_method",
    "learns_loss",
    "predicted_numbers",
    "predicted_probabilities",
    "with_loss",
]


def gives_numbers(estimator: Any) -> bool:
    """Whether an unfitted estimator is a regressor.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression, Ridge
    >>> from polytask.tasks import gives_numbers
    >>> gives_numbers(Ridge()), gives_numbers(LogisticRegression())
    (True, False)
    """
    from sklearn.base import is_regressor  # heavy, and not needed to read a table

    return bool(is_regressor(estimator))


def gives_probabilities(estimator: Any) -> bool:
    """Whether an unfitted estimator is a classifier with ``predict_proba``.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.svm import LinearSVC
    >>> from polytask.tasks import gives_probabilities
    >>> gives_probabilities(LogisticRegression()), gives_probabilities(LinearSVC())
    (True, False)
    """
    from sklearn.base import is_classifier  # heavy, and not needed to read a table

    return bool(is_classifier(estimator)) and has_method(estimator, "predict_proba")


def gives_deviations(estimator: Any) -> bool:
    """Whether an estimator, or the last step of a pipeline, predicts standard deviations, too.

    Examples
    --------
    >>> from sklearn.linear_model import BayesianRidge, Ridge
    >>> from polytask.tasks._estimator_answers import gives_deviations
    >>> gives_deviations(BayesianRidge()), gives_deviations(Ridge())
    (True, False)
    """
    steps = getattr(estimator, "steps", None)
    last = steps[-1][1] if isinstance(steps, list) and steps else estimator
    predict = getattr(type(last), "predict", None)
    return predict is not None and "return_std" in inspect.signature(predict).parameters


def has_method(estimator: Any, name: str) -> bool:
    """Whether an unfitted estimator will have a method.

    Stacking delegates to its final estimator, which does not exist before `fit` where none was
    given.
    """
    if hasattr(estimator, name):
        return True
    open_end = getattr(estimator, "final_estimator", estimator) is None
    return open_end and hasattr(type(estimator), name)


def learns_loss(estimator: Any, loss: str) -> bool:
    """Whether an estimator, or one inside it, is made for a loss, by its settings or its class.

    Examples
    --------
    >>> from sklearn.linear_model import PoissonRegressor, Ridge
    >>> from polytask.tasks import learns_loss
    >>> learns_loss(PoissonRegressor(), "poisson"), learns_loss(Ridge(), "poisson")
    (True, False)
    """
    settings = estimator.get_params()
    named = (settings[name] for name in settings if name.split("__")[-1] in _LOSS_SETTINGS)
    inner = [estimator, *(value for value in settings.values() if hasattr(value, "get_params"))]
    return any(isinstance(name, str) and loss in name for name in named) or any(
        type(each).__name__.casefold() == f"{loss}regressor" for each in inner
    )


def with_loss(estimator: Any, loss: str) -> Any:
    """A clone with a loss in place of the squared error, where the estimator has both; else itself.

    Examples
    --------
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> from polytask.tasks import with_loss
    >>> with_loss(HistGradientBoostingRegressor(), "poisson").loss
    'poisson'
    """
    setting = _loss_setting(estimator, loss)
    if not setting:
        return estimator
    from sklearn.base import clone  # heavy, and not needed to read a table

    return clone(estimator).set_params(**setting)


_LOSS_SETTINGS = {"loss", "objective", "criterion"}


def _loss_setting(estimator: Any, loss: str) -> dict[str, str]:
    """The setting that gives an estimator a loss; {} if it has none, or another one is set."""
    settings = estimator.get_params(deep=False)
    allowed = getattr(estimator, "_parameter_constraints", {}).get("loss", ())
    options = {option for each in allowed for option in getattr(each, "options", ())}
    if settings.get("loss") == "squared_error" and loss in options:
        return {"loss": loss}
    own = getattr(type(estimator), "parameter_constraints", {}).get("loss")
    if settings.get("loss") == "auto" and own is not None and own.accepts(loss):
        return {"loss": loss}
    boosts = type(estimator).__module__.partition(".")[0] == "lightgbm"
    if boosts and settings.get("objective", loss) in {None, "regression"}:
        return {"objective": loss}
    return {}


def predicted_numbers(estimators: Sequence[Any], inputs: Any) -> np.ndarray:
    """Predictions of fitted regressors side by side, (n, n_cells).

    Parameters
    ----------
    estimators : sequence
        One for all label cells, or one for each.
    inputs : matrix of n rows

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyRegressor
    >>> from polytask.tasks import predicted_numbers
    >>> inputs = np.zeros((2, 1))
    >>> low, high = (DummyRegressor().fit(inputs, [y, y]) for y in (1.0, 5.0))
    >>> predicted_numbers([low, high], inputs)
    array([[1., 5.],
           [1., 5.]])
    """
    return np.column_stack([estimator.predict(inputs) for estimator in estimators])


def predicted_probabilities(
    estimator: Any, inputs: Any, n_classes: int
) -> Float64[np.ndarray, "n n_classes"]:
    """Probabilities by class code from a fitted classifier; 0 for classes that it never saw.

    Parameters
    ----------
    estimator : classifier
        Fitted on class codes.
    inputs : matrix of n rows
    n_classes : int
        Codes are 0 … n_classes − 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyClassifier
    >>> from polytask.tasks import predicted_probabilities
    >>> inputs = np.zeros((4, 1))
    >>> prior = DummyClassifier().fit(inputs, [0, 2, 2, 2])
    >>> predicted_probabilities(prior, inputs[:1], 3)
    array([[0.25, 0.  , 0.75]])
    """
    probabilities = estimator.predict_proba(inputs)
    table = np.zeros((len(probabilities), n_classes))
    table[:, estimator.classes_.astype(int)] = probabilities
    return table
