"""Copies of the learned attributes of aggregators, and their restoration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

__all__ = ["copy_state", "restore_state"]


def copy_state(owner: object, *names: str, suffix: str = "_") -> dict[str, Any]:
    """Copies of the attributes of these names that are set and not None.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import MoDo
    >>> from polytask.aggregation._copied_state import copy_state
    >>> modo = MoDo()
    >>> copy_state(modo, "weights")
    {}
    >>> modo.start(2)
    >>> copy_state(modo, "weights")
    {'weights': tensor([0.5000, 0.5000], dtype=torch.float64)}
    """
    values = {name: getattr(owner, name + suffix, None) for name in names}
    return {
        name: value.clone() if isinstance(value, torch.Tensor) else value
        for name, value in values.items()
        if value is not None
    }


def restore_state(
    owner: object,
    state: Mapping[str, Any],
    *,
    suffix: str = "_",
    device: torch.device | None = None,
) -> None:
    """Set the attributes to copies of the saved ones.

    Tensors move to the given device, else to that of the owner's tensors, else they stay.
    """
    current = [getattr(owner, name + suffix, None) for name in state]
    devices = [tensor.device for tensor in current if isinstance(tensor, torch.Tensor)]
    target = device or next(iter(devices), None)
    for name, value in state.items():
        if isinstance(value, torch.Tensor):
            value = value.to(target or value.device, copy=True)  # noqa: PLW2901
        setattr(owner, name + suffix, value)
