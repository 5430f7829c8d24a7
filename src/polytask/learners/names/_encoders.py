"""Encoders in names of models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from polytask._learner import Learner
from polytask._listing import enumerated
from polytask._naming import plus_parts
from polytask._paths import Written, applied, name_and_settings
from polytask.exceptions import ParameterError
from polytask.learners.names._inside import inside, with_inside
from polytask.learners.names._model_name import ModelName, model_name
from polytask.learners.names._slots import slot_of
from polytask.neural_network import MultiTaskNetwork

__all__ = [
    "encoder_settings",
    "has_encoder",
    "is_encoder",
    "names_encoder",
    "with_encoder_in_label",
    "with_named_encoder",
    "with_other_encoder",
]

_SETTING = "encoder"


def is_encoder(path: str) -> bool:
    """Whether the full path of a setting is that of an architecture's encoder, in an ensemble too."""
    own = path.removeprefix("learner.")
    return own.startswith("architecture.") and own.endswith(f".{_SETTING}")


def names_encoder(text: str) -> bool:
    """Whether a model's name, or one in its brackets, holds an encoder."""
    name = model_name(text)
    settings = {path.rpartition(".")[2] for path in name.settings}
    return (
        _SETTING in settings
        or any(slot_of(word) == _SETTING for word in name.methods)
        or bool(name.part and names_encoder(name.part))
    )


def with_named_encoder(learner: Learner, name: ModelName, text: str) -> Learner:
    """The learner with the encoder that its name holds, and with the settings of that.

    Raises
    ------
    ParameterError
        If its name holds two, or the learner has none.
    """
    words = [word for word in name.methods if slot_of(word) == _SETTING]
    if not words:
        return learner
    own = [text for path, text in name.settings.items() if path.rpartition(".")[2] == _SETTING]
    inner = [name.part] * bool(name.part and names_encoder(name.part))
    if len(named := [*inner, *own, *words]) > 1:
        raise ParameterError(f"{text} names several encoders, {enumerated(named)}. Name one.")
    if not has_encoder(learner):
        sentence = (
            f"{text}: {learner.name} has no encoder. Name a network that has one, such as "
            f"hard_sharing+{words[0]}."
        )
        raise ParameterError(sentence)
    return with_other_encoder(learner, words[0], encoder_settings(name.settings))


def encoder_settings(settings: Mapping[str, str]) -> dict[str, str]:
    """Those of some settings that lie inside the encoder, by their names in it."""
    shortened = ((path.removeprefix("architecture."), text) for path, text in settings.items())
    start = f"{_SETTING}."
    return {path.removeprefix(start): text for path, text in shortened if path.startswith(start)}


def has_encoder(learner: Learner) -> bool:
    """Whether a learner is a network with an encoder of its own choice, or an ensemble of such."""
    network = inside(learner)
    return isinstance(network, MultiTaskNetwork) and any(
        is_encoder(setting.path) for setting in network.settings()
    )


def with_other_encoder(learner: Any, word: str, texts: Mapping[str, str]) -> Learner:
    """The network with another encoder; a name that it was given gets the encoder's, too.

    Of an ensemble, the members have it.
    """
    return with_inside(learner, lambda network: _with_encoder(network, word, texts))


def _with_encoder(learner: Any, word: str, texts: Mapping[str, str]) -> Learner:
    values = {_SETTING: Written(word)} | {
        f"{_SETTING}.{path}": Written(text) for path, text in texts.items()
    }
    _, left = applied(learner, values, type(learner).settings, learner.name)
    for error in left.values():
        raise error
    return with_encoder_in_label(learner.configured(values))


def with_encoder_in_label(network: Any) -> Learner:
    """The network whose name, if it was given one, is followed by its encoder's."""
    encoder = network.architecture.encoder_name
    if network.label is None or encoder is None:
        return network
    first, *rest = plus_parts(network.label)
    if any(name_and_settings(word)[0] == encoder for word in rest):
        return network
    return replace(network, label="+".join([first, encoder, *rest]))
