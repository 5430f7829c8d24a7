"""State of somebody else's modules: whatever plain values they hold, to a dict and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from polytask.exceptions import UnservedNeedError

__all__ = ["load_plain_state", "plain_state"]

_PLAIN = (bool, int, float, str, type(None))
_OWN = frozenset(vars(nn.Module()))
_HELD = ("_parameters", "_buffers")
_OPAQUE = object()


def plain_state(method: object) -> dict[str, Any]:
    """Tensors and plain attributes of a module and its parts, by the names of the parts."""
    return {name: _part_state(part) for name, part in _parts(method)}


def load_plain_state(method: object, state: Mapping[str, Any]) -> None:
    """Write back what `plain_state` gave.

    Raises
    ------
    UnservedNeedError
        If the state held objects that cannot be saved and that a fresh module lacks.
    """
    for name, part in _parts(method):
        saved = state[name]
        missing = [attribute for attribute in saved["opaque"] if vars(part).get(attribute) is None]
        if missing:
            sentence = (
                f"{type(part).__name__} holds a state that cannot be saved "
                f"({', '.join(missing)}), so that it cannot be resumed. "
                "Take the method of polytask.aggregation of that kind."
            )
            raise UnservedNeedError(sentence)
        for attribute, value in saved["values"].items():
            _write(part, attribute, _decoded(value))


def _parts(method: object) -> list[tuple[str, nn.Module]]:
    return list(method.named_modules()) if isinstance(method, nn.Module) else []


def _part_state(part: nn.Module) -> dict[str, Any]:
    held = {name: item for store in _HELD for name, item in vars(part)[store].items()}
    plain = {name: item for name, item in vars(part).items() if name not in _OWN}
    found = {name: _encoded(item) for name, item in {**plain, **held}.items()}
    return {
        "values": {name: value for name, value in found.items() if value is not _OPAQUE},
        "opaque": [name for name, value in found.items() if value is _OPAQUE],
    }


def _write(part: nn.Module, name: str, value: Any) -> None:
    """Set without properties, which may forget the rest of the state."""
    for store in _HELD:
        if name in vars(part)[store]:
            was = vars(part)[store][name]
            vars(part)[store][name] = (
                nn.Parameter(value) if isinstance(was, nn.Parameter) else value
            )
            return
    vars(part)[name] = value


def _encoded(value: Any) -> Any:
    """The value in tensors, numbers, texts, lists and dicts, or `_OPAQUE`."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, np.ndarray):
        return {"array": torch.from_numpy(value.copy())}
    if isinstance(value, torch.dtype):
        return {"dtype": str(value).removeprefix("torch.")}
    if isinstance(value, torch.device):
        return {"device": str(value)}
    if isinstance(value, tuple):
        items = [_encoded(item) for item in value]
        return _OPAQUE if any(item is _OPAQUE for item in items) else {"tuple": items}
    return _OPAQUE


def _decoded(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.clone()
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "array":
        return content.numpy().copy()
    if kind == "device":
        return torch.device(content)
    if kind == "dtype":
        return getattr(torch, content)
    return tuple(_decoded(item) for item in content)
