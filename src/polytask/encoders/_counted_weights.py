"""Weights that are counted before there are any."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["count_weights"]


def count_weights(module: nn.Module, at_least: int) -> None:
    """Register so many numbers for a moment, without memory: later layers have as many weights.

    A saved recipe of absurd size is so refused before a row of it is laid out.

    Parameters
    ----------
    module : nn.Module
    at_least : int
        Weights that the network has because of the module.
    """
    module.register_buffer("counted", torch.empty(at_least, device="meta"), persistent=False)
    del module.counted
