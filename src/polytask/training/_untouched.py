"""Protection of a training run from code that inspects its network."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

import numpy as np
import torch
from torch import nn

from polytask._torch_defaults import graphs_on

__all__ = ["untouched"]


@contextmanager
def untouched(network: nn.Module, device: torch.device) -> Iterator[None]:
    """Put back whatever happens to a network and to the global generators inside the block.

    Weights, buffers, gradients, modes, which parameters are trained, the generators of torch,
    numpy and Python, and torch's gradient mode and default dtype are as before, to the last bit.

    Parameters
    ----------
    network : nn.Module
    device : torch.device
        Of the network, whose generator is kept too.
    """
    numbers, numpy_numbers = random.getstate(), np.random.get_state()  # noqa: NPY002 - kept as it is
    dtype = torch.get_default_dtype()
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), graphs_on(), _kept(network):
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
            random.setstate(numbers)
            np.random.set_state(numpy_numbers)  # noqa: NPY002 - put back as it was


@contextmanager
def _kept(network: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in network.modules()]
    trained = [(p, p.requires_grad, p.grad) for p in network.parameters()]
    tensors = chain(network.parameters(), network.buffers())
    values = [(tensor, tensor.data, tensor.detach().clone()) for tensor in tensors]
    buffers = [(module._buffers, dict(module._buffers)) for module in network.modules()]  # noqa: SLF001
    for parameter, _, _ in trained:
        parameter.grad = None
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
        for current, before in buffers:  # a module may have put others in their place
            current.clear()
            current.update(before)
        with torch.no_grad():
            for tensor, data, value in values:
                tensor.data = data  # of the dtype and on the device that it had
                if not torch.equal(tensor, value):
                    tensor.copy_(value)
        for parameter, requires_grad, gradient in trained:
            parameter.requires_grad_(requires_grad).grad = gradient
