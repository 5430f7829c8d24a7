"""Fitted models: what they predict, and how they lie in a folder without pickle.

Only `NetworkModel` needs torch, and is imported when it is first asked for.
"""

from typing import TYPE_CHECKING, Any

from polytask.predictor._answers import Answer, answer_for
from polytask.predictor._combined_model import CombinedModel
from polytask.predictor._constant_model import ConstantModel
from polytask.predictor._design import Design
from polytask.predictor._estimators_model import EstimatorsModel
from polytask.predictor._estimators_part import EstimatorsPart
from polytask.predictor._folder import check_folder
from polytask.predictor._load import load, open_model
from polytask.predictor._model import Model
from polytask.predictor._predictions import Predictions, TaskPrediction
from polytask.predictor._predictor import FittedPredictor
from polytask.predictor._targets import fitted_targets

if TYPE_CHECKING:
    from polytask.predictor._network_model import NetworkModel

__all__ = [
    "Answer",
    "CombinedModel",
    "ConstantModel",
    "Design",
    "EstimatorsModel",
    "EstimatorsPart",
    "FittedPredictor",
    "Model",
    "NetworkModel",
    "Predictions",
    "TaskPrediction",
    "answer_for",
    "check_folder",
    "fitted_targets",
    "load",
    "open_model",
]


def __getattr__(name: str) -> Any:
    if name != "NetworkModel":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    from polytask.predictor._network_model import NetworkModel

    globals()[name] = NetworkModel
    return NetworkModel
