"""Tensors of local files, by their names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from polytask._reason import reason
from polytask.exceptions import ParameterError

__all__ = ["WEIGHT_FILES", "file_digest", "read_tensors", "renamed"]

WEIGHT_FILES = (".safetensors", ".pt", ".pth", ".bin")
_NESTED = ("state_dict", "model_state_dict", "model")
"""Keys under which training scripts keep the tensors of a network beside other things."""
_BLOCK = 1 << 20


def file_digest(path: Path) -> str:
    """Digest of the bytes of a file.

    Raises
    ------
    ParameterError
        If it cannot be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        sentence = (
            "The `path` parameter of Pretrained must be a file of weights, such as "
            f"weights.safetensors. {str(path)!r} cannot be read: {error.strerror}."
        )
        raise ParameterError(sentence) from error
    return digest.hexdigest()


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Tensors of a file by name; no code of it is run.

    Raises
    ------
    ParameterError
        If it holds none, or cannot be read without running its code.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        held: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # both libraries raise classes of their own
        sentence = (
            f"The `path` parameter of Pretrained must be a file of tensors alone. {path.name} cannot be "
            f"read as one: {reason(error, width=120, named=False)} Save the tensors with "
            "safetensors.torch.save_file."
        )
        raise ParameterError(sentence) from error
    for key in _NESTED:
        if isinstance(held, Mapping) and isinstance(held.get(key), Mapping):
            held = held[key]
    named = held.items() if isinstance(held, Mapping) else ()
    return {str(name): tensor for name, tensor in named if isinstance(tensor, Tensor)}


def renamed(names: Mapping[str, str], tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors whose names begin otherwise; of several beginnings that fit, the longest counts.

    Examples
    --------
    >>> import torch
    >>> from polytask.encoders._weight_files import renamed
    >>> list(renamed({"layer1.": "1."}, {"layer1.weight": torch.ones(1), "bias": torch.ones(1)}))
    ['1.weight', 'bias']
    """
    ordered = sorted(names, key=len, reverse=True)

    def new_name(name: str) -> str:
        start = next((start for start in ordered if name.startswith(start)), None)
        return name if start is None else names[start] + name[len(start) :]

    return {new_name(name): tensor for name, tensor in tensors.items()}
