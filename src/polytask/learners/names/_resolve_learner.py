"""Learners by their names, with settings, encoder and balancing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from polytask._learner import Learner
from polytask._paths import Written, applied
from polytask.architectures import Separate, SoftSharing
from polytask.exceptions import ParameterError
from polytask.learners._ensemble import Ensemble
from polytask.learners._resolve import resolve_base
from polytask.learners._staged import Staged
from polytask.learners.names._balancing import with_methods
from polytask.learners.names._encoders import with_encoder_in_label, with_named_encoder
from polytask.learners.names._model_name import (
    ModelName,
    NameOwner,
    malformed_settings,
    model_name,
)
from polytask.learners.names._slots import BALANCING, slot_of
from polytask.learners.names._suited_name import suited_name
from polytask.neural_network import MergedNetwork, MultiTaskNetwork
from polytask.tasks import TaskSet

__all__ = ["NAME_SETTINGS", "resolve_learner"]

NAME_SETTINGS = {"label", "name"}
"""Settings of learners that hold their name."""


_OWNER = NameOwner("resolve_learner", "name")


def resolve_learner(
    name: str,
    owner: NameOwner = _OWNER,
    *,
    tasks: TaskSet | None = None,
    others: Sequence[type[Learner]] = (),
) -> Learner:
    """Return the learner that a name means, in any spelling, as on the command line.

    Parameters
    ----------
    name : str
        Such as ``"gradient_boosting"`` or ``"hard_sharing"``; a method of merging, such as
        ``"ties"``, is a network merged by it; ``"module:Class"`` is a class of the user's. Settings
        stand in brackets, an encoder and methods of balancing after pluses:
        ``"mmoe(n_experts=4)+tab_m(members=4)+mgda"``.
    owner : NameOwner, optional
        Whose argument it is, for errors.
    tasks : TaskSet, optional
        Where they label steps of rows or pixels of images, a network named without an encoder gets
        `LSTM` or a small `UNet`; otherwise it has the default encoder of its architecture.
    others : sequence of classes, optional
        Learners that names mean too, such as `polytask.search.Grouped`; each needs no argument.

    Raises
    ------
    ParameterError
        If the name is malformed, names two methods of one kind or methods for a model that shares
        nothing, or a setting does not accept its value.
    UnknownNameError
        If there is no such model, method or setting; the nearest one is suggested.

    Examples
    --------
    >>> from polytask.learners import resolve_learner
    >>> resolve_learner("GradientBoosting").name
    'gradient_boosting'
    >>> resolve_learner("mmoe(n_experts=4)+TabM").name
    'mmoe(n_experts=4)+tab_m'
    >>> from polytask.tasks import Task, TaskSet
    >>> resolve_learner("mmoe+mgda", tasks=TaskSet([Task("slots", "tokens")])).name
    'mmoe+lstm+mgda'
    """
    parts = model_name(name, owner)
    learner = _with_part(resolve_base(parts.base, others, tasks), parts, name, owner, tasks, others)
    if tasks is not None:
        parts = suited_name(parts, learner, name, tasks)
    methods = [word for word in parts.methods if slot_of(word) in BALANCING]
    if {*parts.bracketed} & {*methods}:
        raise malformed_settings(name, owner)
    return with_methods(_with_settings(learner, parts, name), methods, name)


def _with_part(
    learner: Learner,
    name: ModelName,
    text: str,
    owner: NameOwner,
    tasks: TaskSet | None,
    others: Sequence[type[Learner]],
) -> Learner:
    """The learner of the part that its name holds without a path, as names in tables do.

    It is the penalty of `soft_sharing(trace_norm)`, and the model of `separate(mmoe)`, of
    `ensemble(mmoe)`, of `stacked_targets(ridge)` or of `ties(mmoe)`.
    """
    if not name.part:
        return learner
    if isinstance(learner, MultiTaskNetwork) and type(learner) is not MultiTaskNetwork:
        return _of_network(learner, _network(name.part, text, owner, tasks, others))
    if isinstance(learner, Ensemble | Staged):
        inner: Any = resolve_learner(name.part, owner, tasks=tasks, others=others)
        return replace(learner, learner=inner)
    architecture = getattr(learner, "architecture", None)
    if isinstance(architecture, Separate):
        network = _network(name.part, text, owner, tasks, others)
        return network.twin() or replace(network, architecture=Separate(network.architecture))
    if isinstance(architecture, SoftSharing):
        return _configured(learner, {"penalty": name.part})
    sentence = (
        f"{text}: what stands in brackets must be PATH=VALUE, such as mmoe(n_experts=4). Only "
        "separate(MODEL), ensemble(MODEL), stacked_targets(MODEL), target_chain(MODEL), grouped(MODEL), merged networks such as ties(MODEL), and "
        "soft_sharing(PENALTY) take a name."
    )
    raise ParameterError(sentence)


def _of_network(learner: MultiTaskNetwork, inner: MultiTaskNetwork) -> MultiTaskNetwork:
    """The same merged or grouped learner of another network, trained as that one."""
    label = None if inner.label is None else f"{learner.name}({inner.label})"
    return replace(learner, architecture=inner.architecture, trainer=inner.trainer, label=label)


def _network(
    part: str,
    text: str,
    owner: NameOwner,
    tasks: TaskSet | None,
    others: Sequence[type[Learner]],
) -> MultiTaskNetwork:
    inner = resolve_learner(part, owner, tasks=tasks, others=others)
    if isinstance(inner, MergedNetwork):
        sentence = (
            f"{text}: what stands in brackets must be an architecture, such as mmoe. Got the merged "
            f"network {part} instead. Name the architecture of its copies."
        )
        raise ParameterError(sentence)
    if type(inner) is MultiTaskNetwork:
        return inner
    raise ParameterError(f"{text}: {part} is no network. Name an architecture, such as mmoe.")


def _with_settings(learner: Learner, name: ModelName, text: str) -> Learner:
    """The learner with encoder and settings, which its name holds unless it is given another."""
    learner = with_named_encoder(learner, name, text)
    if not name.settings:
        return learner
    configured: Any = _configured(learner, name.settings)
    if not NAME_SETTINGS & name.settings.keys():
        return configured.with_detail(name.detail, learner.name)
    if not configured.name.strip():
        raise ParameterError(f"The name of {name.base} is empty. Give one: label=mine.")
    has_word = any(slot_of(word) not in BALANCING for word in model_name(text).methods)
    return with_encoder_in_label(configured) if has_word else configured


def _configured(learner: Learner, settings: Mapping[str, str]) -> Learner:
    """The learner with settings as they are written."""
    written = {path: Written(value) for path, value in settings.items()}
    _, left = applied(learner, written, type(learner).settings, learner.name)
    for error in left.values():
        raise error
    return learner.configured(written)
