"""Checkpoints: nested states of tensors and plain values in one safetensors file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from polytask._files import write_bytes
from polytask._plain import parse_json
from polytask._reason import reason
from polytask.exceptions import StudyError

__all__ = ["Checkpoint", "check_checkpoint", "load_state", "save_state", "state_digest"]

_KEY = "polytask_state"
_DIGEST = "sha256"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A checkpoint of a training in several stages, with what the earlier ones left.

    Parameters
    ----------
    path : Path
    kept : mapping
        As `save_state` takes it; written with every state of the run, under ``"kept"``.
    """

    path: Path
    kept: Mapping[str, Any]


def save_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write nested mappings and lists of tensors and plain values.

    Parameters
    ----------
    path : Path
        Replaced only when the new file is complete; its folder must be there.
    state : mapping
        Leaves are tensors, numbers, strings, booleans and None; infinities survive.
    """
    tensors: dict[str, Tensor] = {}
    skeleton = json.dumps(_pack(state, tensors))
    metadata = {_KEY: skeleton, _DIGEST: _digest(skeleton, tensors)}
    write_bytes(path, save(tensors, metadata), make_folder=False)


def load_state(path: Path) -> dict[str, Any]:
    """Read what `save_state` wrote.

    Raises
    ------
    StudyError
        If the file is not a whole checkpoint, or not as it was written.
    """
    try:
        return dict(_unpack(*_read(path)))
    except Exception as error:
        why = reason(error, named=False)
        sentence = f"{path.name} is not a whole checkpoint ({why}). Delete it to start anew."
        raise StudyError(sentence) from error


def check_checkpoint(path: Path) -> None:
    """Raise unless a checkpoint is as `Trainer` wrote it.

    Parameters
    ----------
    path : Path

    Raises
    ------
    StudyError
    """
    load_state(path)


def state_digest(state: Mapping[str, Tensor]) -> str:
    """sha256 over the names, types, shapes and values of tensors."""
    return _digest("", {name: t.detach().cpu().contiguous() for name, t in state.items()})


def _read(path: Path) -> tuple[Any, dict[str, Tensor]]:
    if not path.is_file():
        raise ValueError("it is no file")
    with safe_open(path, framework="pt") as handle:
        metadata = handle.metadata() or {}
        tensors = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118
    if metadata[_DIGEST] != _digest(metadata[_KEY], tensors):
        raise ValueError("it was edited or damaged after it was written")
    return parse_json(metadata[_KEY], finite=False), tensors


def _digest(skeleton: str, tensors: Mapping[str, Tensor]) -> str:
    """sha256 over the plain values and over every tensor's name, type, shape and bytes."""
    digest = hashlib.sha256(skeleton.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _pack(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        name = str(len(tensors))
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"tensor": name}
    if isinstance(value, Mapping):
        return {"mapping": [[_pack(k, tensors), _pack(v, tensors)] for k, v in value.items()]}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_pack(item, tensors) for item in value]}
    return value


def _unpack(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    match value:
        case {"tensor": str() as name, **rest} if not rest:
            return tensors[name]
        case {"mapping": list() as pairs, **rest} if not rest:
            return {_unpack(k, tensors): _unpack(v, tensors) for k, v in pairs}
        case {"list": list() as items, **rest} if not rest:
            return [_unpack(item, tensors) for item in items]
        case {"tuple": list() as items, **rest} if not rest:
            return tuple(_unpack(item, tensors) for item in items)
        case dict() | list():
            raise ValueError(f"it holds {str(value)[:40]}")
    return value
