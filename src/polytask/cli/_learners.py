"""Learners by the names that the command line takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from polytask._paths import Written, applied
from polytask.architectures import Separate, SoftSharing
from polytask.cli._balancing import with_methods
from polytask.cli._encoders import with_encoder_in_label, with_named_encoder
from polytask.cli._model_names import ModelName, malformed_settings, model_name
from polytask.cli._slots import BALANCING, slot_of
from polytask.exceptions import ParameterError
from polytask.learners import Learner, resolve_learner
from polytask.neural_network import MergedNetwork, MultiTaskNetwork

__all__ = ["NAMES", "named_learner"]

NAMES = {"label", "name"}
"""Settings of learners that hold their name."""


def named_learner(text: str) -> Learner:
    """Return the learner of a name such as ``hard_sharing+mgda`` or ``mmoe(n_experts=4)``.

    Raises
    ------
    ParameterError
        If the name is malformed, names two methods of one kind or methods for a model that shares
        nothing, or a setting does not accept its value.
    UnknownNameError
        If there is no such model, method or setting.
    """
    name = model_name(text)
    learner = _with_part(resolve_learner(name.base), name, text)
    methods = [word for word in name.methods if slot_of(word) in BALANCING]
    if {*name.bracketed} & {*methods}:
        raise malformed_settings(text)
    return with_methods(_with_settings(learner, name, text), methods, text)


def _with_part(learner: Learner, name: ModelName, text: str) -> Learner:
    """The learner of the part that its name holds without a path, as names in tables do.

    It is the penalty of `soft_sharing(trace_norm)`, and the model of `separate(mmoe)` or of
    `ties(mmoe)`.
    """
    if not name.part:
        return learner
    if isinstance(learner, MergedNetwork):
        return _merging(learner, _network(name.part, text))
    architecture = getattr(learner, "architecture", None)
    if isinstance(architecture, Separate):
        inner = _network(name.part, text)
        return inner.twin() or replace(inner, architecture=Separate(inner.architecture))
    if isinstance(architecture, SoftSharing):
        return _configured(learner, {"penalty": name.part})
    sentence = (
        f"{text}: what stands in brackets must be PATH=VALUE, such as mmoe(n_experts=4). Only "
        "separate(MODEL), merged networks such as ties(MODEL), and soft_sharing(PENALTY) take a name."
    )
    raise ParameterError(sentence)


def _merging(learner: MergedNetwork, inner: MultiTaskNetwork) -> MergedNetwork:
    """The same method of merging for copies of another network, trained as that one."""
    label = None if inner.label is None else f"{learner.name}({inner.label})"
    return replace(learner, architecture=inner.architecture, trainer=inner.trainer, label=label)


def _network(part: str, text: str) -> MultiTaskNetwork:
    inner = named_learner(part)
    if isinstance(inner, MergedNetwork):
        sentence = (
            f"{text}: what stands in brackets must be an architecture, such as mmoe. Got the merged "
            f"network {part} instead. Name the architecture of its copies."
        )
        raise ParameterError(sentence)
    if isinstance(inner, MultiTaskNetwork):
        return inner
    raise ParameterError(f"{text}: {part} is no network. Name an architecture, such as mmoe.")


def _with_settings(learner: Learner, name: ModelName, text: str) -> Learner:
    """The learner with encoder and settings, which its name holds unless it is given another."""
    learner = with_named_encoder(learner, name, text)
    if not name.settings:
        return learner
    configured: Any = _configured(learner, name.settings)
    if not NAMES & name.settings.keys():
        return configured.with_detail(name.detail, learner.name)
    if not configured.name.strip():
        raise ParameterError(f"The name of {name.base} is empty. Give one: label=mine.")
    has_word = any(slot_of(word) not in BALANCING for word in name.methods)
    return with_encoder_in_label(configured) if has_word else configured


def _configured(learner: Learner, settings: Mapping[str, str]) -> Learner:
    """The learner with settings as they are written."""
    written = {path: Written(value) for path, value in settings.items()}
    _, left = applied(learner, written, type(learner).settings, learner.name)
    for error in left.values():
        raise error
    return learner.configured(written)
