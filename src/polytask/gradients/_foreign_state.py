"""State of other libraries' modules: the plain values they hold, as a dict and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from polytask.exceptions import UnservedNeedError

__all__ = ["load_plain_state", "plain_state"]

_PLAIN = (bool, int, float, str, type(None))
_INTERNAL = frozenset(vars(nn.Module()))
_STORES = ("_parameters", "_buffers")
_OPAQUE = object()


def plain_state(method: object) -> dict[str, Any]:
    """Tensors and plain attributes of a module and its submodules, by the submodules' names."""
    return {name: _module_state(module) for name, module in _submodules(method)}


def load_plain_state(method: object, state: Mapping[str, Any]) -> None:
    """Restore the state that `plain_state` returned.

    Raises
    ------
    UnservedNeedError
        If the state held objects that cannot be saved and that a new module lacks.
    """
    for name, module in _submodules(method):
        saved = state[name]
        missing = [
            attribute for attribute in saved["opaque"] if vars(module).get(attribute) is None
        ]
        if missing:
            sentence = (
                f"{type(module).__name__} holds a state that cannot be saved "
                f"({', '.join(missing)}), so that it cannot be resumed. "
                "Take the method of polytask.aggregation of that kind."
            )
            raise UnservedNeedError(sentence)
        for attribute, value in saved["values"].items():
            _set(module, attribute, _decoded(value))


def _submodules(method: object) -> list[tuple[str, nn.Module]]:
    return list(method.named_modules()) if isinstance(method, nn.Module) else []


def _module_state(module: nn.Module) -> dict[str, Any]:
    tensors = {name: value for store in _STORES for name, value in vars(module)[store].items()}
    plain = {name: value for name, value in vars(module).items() if name not in _INTERNAL}
    encoded = {name: _encoded(value) for name, value in {**plain, **tensors}.items()}
    return {
        "values": {name: value for name, value in encoded.items() if value is not _OPAQUE},
        "opaque": [name for name, value in encoded.items() if value is _OPAQUE],
    }


def _set(module: nn.Module, name: str, value: Any) -> None:
    """Set an attribute around its property, whose setter may reset the rest of the state."""
    for store in _STORES:
        tensors = vars(module)[store]
        if name in tensors:
            is_parameter = isinstance(tensors[name], nn.Parameter)
            tensors[name] = nn.Parameter(value) if is_parameter else value
            return
    vars(module)[name] = value


def _encoded(value: Any) -> Any:
    """The value as tensors, numbers, texts, lists and dicts, or `_OPAQUE`."""
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
