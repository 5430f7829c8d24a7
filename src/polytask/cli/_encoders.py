"""Encoders of networks, by option and by names of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from polytask._listing import enumerated
from polytask._naming import plus_parts
from polytask._paths import Written, applied, find, name_and_settings
from polytask.cli._model_names import ModelName, model_name
from polytask.cli._settings import DataSettings
from polytask.cli._slots import check_slot, slot_of
from polytask.exceptions import ParameterError
from polytask.learners import Learner
from polytask.neural_network import MultiTaskNetwork

__all__ = [
    "is_encoder",
    "names_encoder",
    "own_encoder",
    "with_encoder",
    "with_encoder_in_label",
    "with_named_encoder",
]

_SETTING = "encoder"


def is_encoder(path: str) -> bool:
    """Whether the full path of a setting is that of an architecture's encoder."""
    return path.startswith("architecture.") and path.endswith(f".{_SETTING}")


def with_encoder(learners: Sequence[Learner], options: DataSettings) -> tuple[Learner, ...]:
    """Return the learners, of which networks have the encoder of `--encoder`.

    Raises
    ------
    ParameterError
        If no learner has an encoder, or one names or sets its own.
    """
    if options.encoder is None:
        return tuple(learners)
    name = _encoder_name(options.encoder)
    check_slot(_SETTING, name.base)
    if not any(map(_has_encoder, learners)):
        names = enumerated(learner.name for learner in learners)
        verb = "has" if len(learners) == 1 else "have"
        sentence = (
            f"--encoder chooses how networks make features of a row, but {names} {verb} no encoder. "
            "Choose a model such as hard_sharing."
        )
        raise ParameterError(sentence)
    texts = {**name.settings, **_inside(options.set)}
    models: Any = getattr(options, "model", [])
    typed = [models] if isinstance(models, str) else models
    for learner, text in zip(learners, typed, strict=False):
        if own := own_encoder(learner, text):
            sentence = (
                f"{text} chooses its encoder itself ({own}), and --encoder chooses {options.encoder}. "
                "Leave out one of them."
            )
            raise ParameterError(sentence)
    return tuple(
        _with(learner, name.base, texts) if _has_encoder(learner) else learner
        for learner in learners
    )


def own_encoder(learner: Learner, text: str) -> str:
    """What a model's name, or one in its brackets, says of its encoder; empty if nothing.

    Parameters
    ----------
    learner : Learner
    text : str
        Its name as it was typed.
    """
    name = model_name(text)
    words = [word for word in name.methods if slot_of(word) == _SETTING]
    settings = [
        f"{path}={value}" for path, value in name.settings.items() if _is_of_encoder(learner, path)
    ]
    inner = own_encoder(learner, name.part) if name.part else ""
    return ", ".join(filter(None, (inner, *words, *settings)))


def _is_of_encoder(learner: Learner, path: str) -> bool:
    """Whether a path names the encoder of a learner, or a setting of it."""
    try:
        full = find(learner.settings(), path, learner.name).path
    except ParameterError:  # of a learner in the brackets, whose settings this one has no more
        return False
    return is_encoder(full) or (full.startswith("architecture.") and f".{_SETTING}." in full)


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
    if not _has_encoder(learner):
        sentence = (
            f"{text}: {learner.name} has no encoder. Name a network that has one, such as "
            f"hard_sharing+{words[0]}."
        )
        raise ParameterError(sentence)
    return _with(learner, words[0], _inside(name.settings))


def _encoder_name(text: str) -> ModelName:
    name = model_name(text)
    if name.methods or name.part:
        expected = "NAME or NAME(PATH=VALUE, …)"
        sentence = (
            f"The `encoder` parameter of the command line must be {expected}. Got {text!r} instead."
        )
        raise ParameterError(sentence)
    return name


def _inside(settings: Mapping[str, str]) -> dict[str, str]:
    """Those of some settings that lie inside the encoder, by their names in it."""
    shortened = ((path.removeprefix("architecture."), text) for path, text in settings.items())
    start = f"{_SETTING}."
    return {path.removeprefix(start): text for path, text in shortened if path.startswith(start)}


def _has_encoder(learner: Learner) -> bool:
    return isinstance(learner, MultiTaskNetwork) and any(
        is_encoder(setting.path) for setting in learner.settings()
    )


def _with(learner: Any, word: str, texts: Mapping[str, str]) -> Learner:
    """The network with another encoder; a name that it was given gets the encoder's, too."""
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
