"""Saving and restoring what aggregators have learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

__all__ = ["restore", "saved"]


def saved(owner: object, *names: str, suffix: str = "_") -> dict[str, Any]:
    """Copies of the attributes of these names that are set; None counts as not set.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import MoDo
    >>> from polytask.aggregation._state import saved
    >>> modo = MoDo()
    >>> saved(modo, "weights")
    {}
    >>> modo.start(2)
    >>> saved(modo, "weights")
    {'weights': tensor([0.5000, 0.5000], dtype=torch.float64)}
    """
    values = {name: getattr(owner, name + suffix, None) for name in names}
    return {
        name: value.clone() if isinstance(value, torch.Tensor) else value
        for name, value in values.items()
        if value is not None
    }


def restore(
    owner: object,
    state: Mapping[str, Any],
    *,
    suffix: str = "_",
    device: torch.device | None = None,
) -> None:
    """Set the attributes to copies of what was saved.

    Tensors come to the device given, else to where those of the owner are, else stay where they
    are.
    """
    here = [getattr(owner, name + suffix, None) for name in state]
    devices = [tensor.device for tensor in here if isinstance(tensor, torch.Tensor)]
    where = device or next(iter(devices), None)
    for name, value in state.items():
        if isinstance(value, torch.Tensor):
            value = value.to(where or value.device, copy=True)  # noqa: PLW2901
        setattr(owner, name + suffix, value)
