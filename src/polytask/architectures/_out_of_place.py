"""Layers that keep what they are given."""

from __future__ import annotations

from torch import nn

__all__ = ["out_of_place"]


def out_of_place(module: nn.Module) -> nn.Module:
    """Turn off ``inplace`` in a module and all modules in it, and return it.

    What a layer is given may be read again: rows at the next evaluation, a state by the gates or
    by other copies.

    Examples
    --------
    >>> from torch import nn
    >>> from polytask.architectures._out_of_place import out_of_place
    >>> out_of_place(nn.ReLU(inplace=True))
    ReLU()
    """
    for inner in module.modules():
        if getattr(inner, "inplace", False) is True:
            inner.inplace = False  # type: ignore[assignment]
    return module
