"""`polytask methods`: methods of balancing, samplers, observers and networks, with docstrings."""

from __future__ import annotations

import inspect
import re
import shutil
import textwrap
from typing import Any

from polytask._naming import required, snake_case
from polytask.cli._learners import LISTED, method_named, methods_of, room_of
from polytask.cli._voice import Voice
from polytask.exceptions import UnknownNameError
from polytask.gradients import Need
from polytask.observers import Observer
from polytask.sampling import Sampler

__all__ = ["run"]

_HEADS = {
    "weighting": "weightings: how the tasks' losses are weighed (--weighting NAME)",
    "aggregation": "aggregations: how the tasks' gradients meet (--aggregation NAME)",
    "sampler": "samplers: how rows of several sources are mixed in a batch (--sampler NAME)",
    "observer": "observers: what is measured at every evaluation of a training (--observer NAME)",
    "model": "models: how the networks of the tasks share parameters (--model NAME)",
}
_FOOT = (
    "Names may be spelt in any way (mgda, MGDA); module:Class is one of your own that can be "
    "imported. A model names its balancing too: --model hard_sharing+mgda. "
    "More on one: polytask methods NAME."
)
_WIDTH = 160
_LEAST = 30


def run(name: str | None) -> None:
    """List all methods, or describe one."""
    voice = Voice()
    if name is None:
        _list(voice)
    else:
        _describe(voice, *_found(name))


def _found(name: str) -> tuple[str, Any]:
    """Return the method of a name; a model's name points to the method it adds."""
    try:
        return method_named(name, tuple(LISTED))
    except UnknownNameError as error:
        _, *added = name.split("+")
        if not added:
            raise
        for word in added:
            method_named(word)
        asks = " or ".join(f"polytask methods {word}" for word in added)
        sentence = f"{name!r} is a model with its balancing. Ask for the latter: {asks}."
        raise UnknownNameError(sentence) from error


def _list(voice: Voice) -> None:
    rows = {
        slot: sorted(
            (snake_case(name), _needs(method), _summary(method))
            for name, method in methods_of(slot).items()
        )
        for slot in LISTED
    }
    cells = [row for room in rows.values() for row in room]
    widths = [max(len(row[column]) for row in cells) for column in range(2)]
    for slot, head in _HEADS.items():
        voice.result(f"{head}\n")
        for name, needs, summary in rows[slot]:
            start = f"  {name:<{widths[0]}}  {needs:<{widths[1]}}  "
            voice.result(_wrapped(start, summary))
        voice.result("")
    voice.result(_wrapped("", _FOOT))


def _describe(voice: Voice, slot: str, method: Any) -> None:
    name = snake_case(method.__name__)
    lines = {
        "needs": _needs(method),
        "options": _options(method) or "none",
        "tune": _tuning(slot, method) or "–",
        "paper": _paper(method) or "–",
        "use": "from Python" if required(method) else f"--{slot} {name}",
        "python": f"from {room_of(slot)} import {method.__name__}",
    }
    voice.result(_wrapped("", f"{name}: {_summary(method)}"))
    for word, text in lines.items():
        voice.result(_wrapped(f"  {word:<8}  ", text))


def _needs(method: Any) -> str:
    """Needs of the method by default, but for `present`, which is always served."""
    instance = method if required(method) else method()
    if not hasattr(instance, "needs"):  # it depends on the arguments
        return "–"
    needs = {str(need) for need in instance.needs} - {str(Need.PRESENT)}
    nothing = "–" if issubclass(method, Sampler | Observer) else "losses"
    return ", ".join(sorted(needs)).replace("_", " ") or nothing


def _summary(method: Any) -> str:
    line = _plain((inspect.getdoc(method) or "").partition("\n")[0])
    missing = required(method)
    return f"{line} From Python alone: it needs {', '.join(missing)}." if missing else line


def _paper(method: Any) -> str:
    """References of the docstring."""
    text = (inspect.getdoc(method) or "").partition("References\n----------\n")[2]
    return _plain(" ".join(text.partition("\nExamples\n")[0].split()))


def _options(method: Any) -> str:
    parameters = inspect.signature(method).parameters.values()
    return ", ".join(
        parameter.name
        if parameter.default is parameter.empty
        else f"{parameter.name}={parameter.default!r}"
        for parameter in parameters
    )


def _tuning(slot: str, method: Any) -> str:
    """Options of the method, how to set them, and their search ranges."""
    return ", ".join(
        f"--set {name if slot == 'model' else f'{slot}.{name}'}={declared}"
        for name, declared in getattr(method, "search_ranges", {}).items()
    )


def _plain(text: str) -> str:
    """Strip the docstring's markup."""
    return re.sub(r":math:`\\?(.*?)`", r"\1", text).replace("`", "")


def _wrapped(start: str, text: str) -> str:
    """Wrap the text after its label to the width of the terminal."""
    width = max(shutil.get_terminal_size((_WIDTH, 24)).columns, len(start) + _LEAST)
    return textwrap.fill(
        text,
        width,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )
