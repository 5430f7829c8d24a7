"""Encoders of networks, by option."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polytask._listing import enumerated
from polytask._paths import find
from polytask._validation import message
from polytask.cli._learners import COMMAND_LINE
from polytask.cli._settings import DataSettings
from polytask.cli._slots import check_slot
from polytask.exceptions import ParameterError
from polytask.learners import Learner
from polytask.learners.names import (
    ModelName,
    NameOwner,
    encoder_settings,
    has_encoder,
    is_encoder,
    model_name,
    slot_of,
    with_other_encoder,
)

__all__ = ["own_encoder", "with_encoder"]

_SETTING = "encoder"
_OWNER = NameOwner(
    COMMAND_LINE.owner,
    _SETTING,
    expected="NAME or NAME(PATH=VALUE, …)",
    remedy="Name one encoder, with settings in brackets: tab_m(members=4).",
)


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
    if not any(map(has_encoder, learners)):
        names = enumerated(learner.name for learner in learners)
        verb = "has" if len(learners) == 1 else "have"
        sentence = (
            f"--encoder chooses how networks make features of a row, but {names} {verb} no encoder. "
            "Choose a model such as hard_sharing."
        )
        raise ParameterError(sentence)
    texts = {**name.settings, **encoder_settings(options.set)}
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
        with_other_encoder(learner, name.base, texts) if has_encoder(learner) else learner
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
        full = find(learner.settings(), path, learner.name).path.removeprefix("learner.")
    except ParameterError:  # of a learner in the brackets, whose settings this one has no more
        return False
    return is_encoder(full) or (full.startswith("architecture.") and f".{_SETTING}." in full)


def _encoder_name(text: str) -> ModelName:
    name = model_name(text, _OWNER)
    if name.methods or name.part:
        words = (_OWNER.owner, _OWNER.parameter, _OWNER.expected, text, _OWNER.remedy)
        raise ParameterError(message(*words))
    return name
