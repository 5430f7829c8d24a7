"""Tensors of local files, by their names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from polytask._reason import reason
from polytask.exceptions import ParameterError

__all__ = [
    "WEIGHT_FILES",
    "file_digest",
    "fill",
    "read_tensors",
    "reads_files",
    "renamed",
    "report",
    "reported_weights",
    "without_weight_files",
]

_REPORTS: ContextVar[list[str] | None] = ContextVar("reports", default=None)
_READS: ContextVar[bool] = ContextVar("reads", default=True)

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


def read_tensors(path: Path, whose: str = "`path` parameter of Pretrained") -> dict[str, Tensor]:
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
            f"The {whose} must be a file of tensors alone. {path.name} cannot be "
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


@torch.no_grad()
def fill(own: Tensor, given: Tensor, name: str, file: str, whose: str) -> None:
    """Give a tensor of a network the values of a file.

    Raises
    ------
    ParameterError
        If some are not finite.
    """
    if not torch.isfinite(given).all():
        sentence = (
            f"The {whose} must be a file of finite numbers. {name} of {file} "
            "holds others; choose another file."
        )
        raise ParameterError(sentence)
    if not own.is_meta:
        own.copy_(given)


def reads_files() -> bool:
    """Whether stages start from the tensors of files, as they do outside `without_weight_files`."""
    return _READS.get()


def report(sentence: str) -> None:
    """Pass a sentence on to the block of `reported_weights` around, if there is one."""
    reports = _REPORTS.get()
    if reports is not None:
        reports.append(sentence)


@contextmanager
def without_weight_files() -> Iterator[None]:
    """Build stages without the tensors of files, of networks whose weights are loaded afterwards."""
    token = _READS.set(False)
    try:
        yield
    finally:
        _READS.reset(token)


@contextmanager
def reported_weights() -> Iterator[list[str]]:
    """Sentences on the tensors of files that stages built in the block start from."""
    reports: list[str] = []
    token = _REPORTS.set(reports)
    try:
        yield reports
    finally:
        _REPORTS.reset(token)
