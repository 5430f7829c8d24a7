"""State of other libraries' modules: their tensors and plain values, to a dict and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from polytask._validation import message
from polytask.exceptions import ParameterError, UnservedNeedError

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
    ParameterError
        If the state names submodules or attributes that the module does not have.
    """
    modules = dict(_submodules(method))
    _check_names(method, "submodules", modules, state)
    for name, module in modules.items():
        saved = state[name]
        _check_names(module, "attributes", _module_state(module)["values"], saved["values"])
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
            _set_attribute(module, attribute, _decoded(value))


def _check_names(
    owner: object, kind: str, known: Mapping[str, Any], saved: Mapping[str, Any]
) -> None:
    """Refuse names that a module's own state lacks: they come from a file."""
    unknown = sorted(saved.keys() - known.keys())
    if unknown:
        expected = f"a state with the {kind} of {type(owner).__name__}"
        remedy = "Load the state of the same method of the same version, or start anew."
        sentence = message(type(owner).__name__, "state", expected, unknown, remedy)
        raise ParameterError(sentence)


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


def _set_attribute(module: nn.Module, name: str, value: Any) -> None:
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
        return _dtype(content)
    return tuple(_decoded(item) for item in content)


def _dtype(name: str) -> torch.dtype:
    """The dtype of a name, which comes from a file and may name anything else in torch."""
    dtype = vars(torch).get(name)
    if not isinstance(dtype, torch.dtype):
        expected = "the name of a dtype of torch"
        raise ParameterError(message("load_state_dict", "dtype", expected, name))
    return dtype
