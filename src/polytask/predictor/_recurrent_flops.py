"""Floating-point operations of recurrent layers, which PyTorch's counter does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.nn.utils.rnn import PackedSequence

__all__ = ["RecurrentFlops", "recurrent_flops"]

_GATES = {"LSTM": 4, "GRU": 3}


def recurrent_flops(layer: nn.RNNBase, n_steps: int) -> int:
    r"""Operations of the matrix products of recurrent layers, two for each multiplication and addition.

    .. math:: 2 \, n \sum_{l} D \, \big( G h (s_l + r) + p h \big)

    for n steps of all rows, D directions, G gates (LSTM 4, GRU 3, plain 1), h units and layers l that
    take :math:`s_l` features: those of the inputs, then D r. A layer passes on r = h features, or with
    a projection (`proj_size`) r = p; p is 0 without one.

    Parameters
    ----------
    layer : nn.RNNBase
        Such as ``nn.LSTM`` or ``nn.GRU``.
    n_steps : int
        Steps that rows have, over all rows.

    Examples
    --------
    >>> from torch import nn
    >>> from polytask.predictor._recurrent_flops import recurrent_flops
    >>> recurrent_flops(nn.GRU(5, 7), n_steps=1)  # three gates of 7 units, of 5 + 7 features
    504
    """
    directions = 2 if layer.bidirectional else 1
    width, passed = layer.hidden_size, layer.proj_size or layer.hidden_size
    sizes = [layer.input_size, *[directions * passed] * (layer.num_layers - 1)]
    products = [
        _GATES.get(layer.mode, 1) * width * (size + passed) + layer.proj_size * width
        for size in sizes
    ]
    return 2 * n_steps * directions * sum(products)


class RecurrentFlops:
    """A count of the operations of recurrent layers that run within `counting`.

    Parameters
    ----------
    counted : callable
        What another counter has counted so far; what it counts within these layers is subtracted.

    Attributes
    ----------
    total : int
    """

    def __init__(self, counted: Callable[[], int]) -> None:
        self.counted, self.total, self._before = counted, 0, 0

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count the layers of all modules that run in the block."""
        hooks = [
            register_module_forward_pre_hook(self._enter),
            register_module_forward_hook(self._leave),
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _enter(self, module: nn.Module, inputs: Any) -> None:
        del inputs
        if isinstance(module, nn.RNNBase):
            self._before = self.counted()

    def _leave(self, module: nn.Module, inputs: Any, output: Any) -> None:
        del output
        if isinstance(module, nn.RNNBase):
            rows = inputs[0].data if isinstance(inputs[0], PackedSequence) else inputs[0]
            n_steps = rows.numel() // rows.shape[-1]
            self.total += recurrent_flops(module, n_steps) - (self.counted() - self._before)
