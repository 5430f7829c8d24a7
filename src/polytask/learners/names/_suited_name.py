"""Encoders of networks whose names hold none."""

from __future__ import annotations

from collections.abc import Iterable

from polytask._learner import Learner
from polytask._paths import find
from polytask.encoders import MLP
from polytask.exceptions import UnknownNameError
from polytask.learners._table_networks import usual_encoder
from polytask.learners.names._encoders import (
    has_encoder,
    is_encoder,
    names_encoder,
    with_other_encoder,
)
from polytask.learners.names._model_name import ModelName
from polytask.tasks import TaskSet

__all__ = ["suited_name"]


def suited_name(name: ModelName, learner: Learner, text: str, tasks: TaskSet) -> ModelName:
    """The name of a network with the default encoder of these tasks, where it holds none.

    Parameters
    ----------
    name : ModelName
    learner : Learner
        What the base of the name means.
    text : str
        The whole name.
    tasks : TaskSet
    """
    usual = usual_encoder(tasks)
    if usual is None or names_encoder(text) or not _has_default_encoder(learner):
        return name
    word, settings = usual
    network = with_other_encoder(learner, word, {})
    given = _full_paths(network, name.settings)
    full = _full_paths(network, settings)
    added = {
        path: settings[path]
        for path, whole in zip(settings, full, strict=True)
        if whole not in given
    }
    return name._replace(settings={**added, **name.settings}, methods=(word, *name.methods))


def _has_default_encoder(learner: Learner) -> bool:
    return has_encoder(learner) and any(
        is_encoder(setting.path) and setting.value == MLP() for setting in learner.settings()
    )


def _full_paths(network: Learner, paths: Iterable[str]) -> list[str]:
    """Full paths of settings; one of a part that another setting chooses stays as it is."""
    known, full = network.settings(), []
    for path in paths:
        try:
            full.append(find(known, path, network.name).path)
        except UnknownNameError:
            full.append(path)
    return full
