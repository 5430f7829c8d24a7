"""Measurement of the forward passes of a network."""

from __future__ import annotations

import statistics
import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from polytask.architectures import MultiTaskModule
from polytask.data import Batch
from polytask.predictor._forward_cost import ForwardCost
from polytask.predictor._recurrent_flops import RecurrentFlops
from polytask.training import score

__all__ = ["measured_cost"]

_PASSES = 11
_SECONDS = 0.3
"""Passes end after this time, when there has been one."""


def measured_cost(network: MultiTaskModule, batch: Batch) -> ForwardCost | None:
    """Count the operations of one pass over all rows, and measure the seconds of further ones.

    None where a module does not allow its operations to be counted, or there are no rows.

    Parameters
    ----------
    network : MultiTaskModule
    batch : Batch of tensors
    """
    n_rows = sum(rows.n_rows for rows in batch.values())
    if not n_rows:
        return None
    counter = FlopCounterMode(display=False)
    recurrent = RecurrentFlops(counter.get_total_flops)
    try:
        with counter, recurrent.counting():
            score(network, batch)
    except Exception:  # noqa: BLE001 - a module of the user's; the model is as good without a count
        return None
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    seconds: list[float] = []
    while len(seconds) < _PASSES and (not seconds or sum(seconds) < _SECONDS):
        started = time.perf_counter()
        score(network, batch)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds.append(time.perf_counter() - started)
    flops = counter.get_total_flops() + recurrent.total
    return ForwardCost(flops / n_rows, statistics.median(seconds), n_rows)
