"""Fitted models: predictions in the user's units, and folders that hold models without pickle.

Begin with `FittedPredictor`, which joins tasks, schemas and a `Model`; the other ``…_model.py``
files are the kinds of models. `load` reads a folder that ``_folder.py`` and ``_contents.py`` have
checked; ``…_checks.py`` check estimators from such a folder.

The names below are resolved on first use: only networks need torch, and a saved model's schema
checks a table without scikit-learn.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polytask.predictor._arrays_model import ArraysModel
    from polytask.predictor._combined_model import CombinedModel
    from polytask.predictor._constant_model import ConstantModel
    from polytask.predictor._design import Design
    from polytask.predictor._ensemble_model import EnsembleModel
    from polytask.predictor._estimator_rooms import ESTIMATOR_ROOMS
    from polytask.predictor._estimators_model import EstimatorsModel
    from polytask.predictor._estimators_part import EstimatorsPart
    from polytask.predictor._fitted_targets import fitted_targets, with_targets
    from polytask.predictor._folder import (
        check_folder,
        copy_model,
        is_damaged,
        remove_unfinished_saves,
    )
    from polytask.predictor._grouped_model import GroupedModel, schemas_of_group
    from polytask.predictor._joint_answers import is_joint
    from polytask.predictor._labelled_parts import labelled_parts
    from polytask.predictor._load import SavedModel, load, open_model
    from polytask.predictor._model import Model, models_loaded
    from polytask.predictor._network_model import NetworkModel
    from polytask.predictor._predictions import Predictions
    from polytask.predictor._predictor import FittedPredictor
    from polytask.predictor._refitted import refitted
    from polytask.predictor._routed_prediction import RoutedPrediction
    from polytask.predictor._staged_model import StagedModel, with_scores
    from polytask.predictor._task_prediction import TaskPrediction
    from polytask.predictor._thresholds import with_chosen_thresholds

__all__ = [
    "ESTIMATOR_ROOMS",
    "ArraysModel",
    "CombinedModel",
    "ConstantModel",
    "Design",
    "EnsembleModel",
    "EstimatorsModel",
    "EstimatorsPart",
    "FittedPredictor",
    "GroupedModel",
    "Model",
    "NetworkModel",
    "Predictions",
    "RoutedPrediction",
    "SavedModel",
    "StagedModel",
    "TaskPrediction",
    "check_folder",
    "copy_model",
    "fitted_targets",
    "is_damaged",
    "is_joint",
    "labelled_parts",
    "load",
    "models_loaded",
    "open_model",
    "refitted",
    "remove_unfinished_saves",
    "schemas_of_group",
    "with_chosen_thresholds",
    "with_scores",
    "with_targets",
]

_MODULES = {
    "ESTIMATOR_ROOMS": "_estimator_rooms",
    "ArraysModel": "_arrays_model",
    "CombinedModel": "_combined_model",
    "ConstantModel": "_constant_model",
    "Design": "_design",
    "EnsembleModel": "_ensemble_model",
    "EstimatorsModel": "_estimators_model",
    "EstimatorsPart": "_estimators_part",
    "FittedPredictor": "_predictor",
    "GroupedModel": "_grouped_model",
    "Model": "_model",
    "NetworkModel": "_network_model",
    "Predictions": "_predictions",
    "RoutedPrediction": "_routed_prediction",
    "SavedModel": "_load",
    "StagedModel": "_staged_model",
    "TaskPrediction": "_task_prediction",
    "check_folder": "_folder",
    "copy_model": "_folder",
    "fitted_targets": "_fitted_targets",
    "is_damaged": "_folder",
    "is_joint": "_joint_answers",
    "labelled_parts": "_labelled_parts",
    "load": "_load",
    "models_loaded": "_model",
    "open_model": "_load",
    "refitted": "_refitted",
    "remove_unfinished_saves": "_folder",
    "schemas_of_group": "_grouped_model",
    "with_chosen_thresholds": "_thresholds",
    "with_scores": "_staged_model",
    "with_targets": "_fitted_targets",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
