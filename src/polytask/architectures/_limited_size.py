"""Limits on the size of a network while it is built, before its memory is filled."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_buffer_registration_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from torch.nn.parameter import is_lazy

from polytask._workers import total_memory
from polytask.exceptions import ParameterError

__all__ = ["TooLargeError", "limited_numbers", "within_memory"]

_BYTES = 4
_LEAST_COPIES = 2
"""Of every parameter in training: itself and its gradient."""
_MOST_MODULES = 1 << 18
_ALLOCATOR = (
    "allocate",
    "verflow when unpacking",
    "too large to convert",
    "Storage size calculation overflowed",
    "numel: integer multiplication",
)
"""What errors of PyTorch say that no memory could be had for a tensor."""


class TooLargeError(ParameterError):
    """A network that the memory of the machine cannot hold."""


@contextmanager
def limited_numbers(
    most: float, error: Exception, most_modules: float = math.inf
) -> Iterator[None]:
    """Raise an error if the block builds modules of more numbers than `most`.

    Parameters and buffers of floating point are counted when a module registers them: layers fill
    parameters after that, while buffers may be filled before. A module counts as one number.
    Networks that stack their parts register some tensors twice.

    Parameters
    ----------
    most : float
    error : Exception
    most_modules : float, optional
        The same for the number of modules.
    """
    left, modules_left = most, most_modules

    def count(_module: nn.Module, _name: str, part: Tensor | nn.Module | None) -> None:
        nonlocal left, modules_left
        left -= 1
        if isinstance(part, nn.Module):
            modules_left -= 1
        elif part is not None and not is_lazy(part) and part.is_floating_point():
            left -= part.numel()
        if min(left, modules_left) < 0:
            raise error

    with ExitStack() as hooks:
        for register in (
            register_module_parameter_registration_hook,
            register_module_buffer_registration_hook,
            register_module_module_registration_hook,
        ):
            hooks.callback(register(count).remove)
        yield


@contextmanager
def within_memory(name: str, n_tasks: int) -> Iterator[None]:
    """Refuse to build a network whose parameters and gradients this machine cannot hold.

    Parameters
    ----------
    name : str
        Of the network's architecture.
    n_tasks : int

    Raises
    ------
    TooLargeError
        Before the memory is filled.
    """
    memory = total_memory()
    has = f" of {memory / 1e9:,.0f} GB" if math.isfinite(memory) else ""
    error = TooLargeError(
        f"The network of {name} for {n_tasks:,} task{'s' * (n_tasks != 1)} is too large for the "
        f"memory{has} of this machine. Choose narrower or fewer layers, members or experts."
    )
    try:
        with limited_numbers(memory / (_BYTES * _LEAST_COPIES), error, _MOST_MODULES):
            yield
    except (RuntimeError, MemoryError, OverflowError, TypeError) as raised:
        if isinstance(raised, MemoryError) or any(text in str(raised) for text in _ALLOCATOR):
            raise error from raised
        raise
