"""`--executor`: where runs are done, on this machine or on a Ray cluster."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from polytask._naming import public_classes, resolve, suggestion
from polytask._paths import assignments, name_and_settings
from polytask._validation import message
from polytask.cli._voice import Voice
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.executors import Executor, LocalExecutor

__all__ = ["executor_of"]

_ROOM, _ENDING = "polytask.executors", "Executor"
_OWNER = "the command line"


@contextmanager
def executor_of(
    name: str, jobs: int | None, device: str | None, voice: Voice
) -> Iterator[Executor]:
    """Enter the executor that a command names.

    Parameters
    ----------
    name : str
        ``local``, ``ray``, ``ray(address=head:6379, num_gpus=1)``, or ``module:Class`` of one's own.
    jobs : int, optional
        Most jobs at a time. Without it, ``local`` uses as many processes as there are cores.
    device : str, optional
        Where networks are trained: on a CUDA device, a job of a cluster takes one, unless the name
        says otherwise.
    voice : Voice
        Says what the executor notes.

    Raises
    ------
    ParameterError
        If a setting is not the executor's own, or has no such value.
    """
    base, inner = name_and_settings(name)
    kind = _class_of(base)
    given = _given(kind, base, inner, name)
    known = inspect.signature(kind).parameters
    if jobs is not None:
        if "jobs" not in known or "jobs" in given:
            sentence = (
                f"--jobs is the largest number of jobs at a time, which {name} "
                f"{'says itself' if 'jobs' in given else 'does not take'}. Leave it out."
            )
            raise ParameterError(sentence)
        given["jobs"] = jobs
    elif kind is LocalExecutor and "jobs" not in given:
        given["jobs"] = "auto"
    if "num_gpus" in known and (device or "").startswith("cuda"):
        given.setdefault("num_gpus", 1)
    if "note" in known:
        given["note"] = lambda sentence: voice.warning(f"note: {sentence}")
    with kind(**given) as executor:
        yield executor


def _class_of(name: str) -> Any:
    """The class that a name means: that of an executor of ours without its last word, or one's own."""
    if ":" in name:
        return resolve(name, _ROOM, "executor", Executor, imports=True)
    known = {
        known.removesuffix(_ENDING).lower(): kind
        for known, kind in public_classes(_ROOM, Executor).items()
    }
    if name.lower() not in known:
        sentence = f"There is no executor named {name!r}. {suggestion(name, known)}"
        raise UnknownNameError(sentence)
    return known[name.lower()]


def _given(kind: Any, base: str, inner: str, text: str) -> dict[str, Any]:
    """The arguments that stand in brackets after a name."""
    unnamed, pairs = assignments(inner)
    if unnamed or len(dict(pairs)) < len(pairs):
        expected = f"{base} with settings of its own, each once, as in {base}(SETTING=VALUE)"
        raise ParameterError(message(_OWNER, "executor", expected, text))
    known = [name for name in inspect.signature(kind).parameters if name != "note"]
    for name, _ in pairs:
        if name not in known:
            sentence = f"The executor {base} has no setting {name!r}. {suggestion(name, known)}"
            raise UnknownNameError(sentence)
    return {name: _value(value) for name, value in pairs}


def _value(text: str) -> Any:
    """A number where a text is one."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
