"""One pass over the stacked parameters of equal modules."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.func import functional_call, vmap

from polytask.architectures._copied_inputs import (
    CopyInputs,
    axes_of,
    call_with,
    has_own_masks,
    leaves_of,
    state_of,
)
from polytask.architectures._stacked_layers import is_common_chain, run_chain
from polytask.encoders import State

__all__ = ["StackedPass"]


class StackedPass:
    """Runs equal modules as one, with stacked parameters and buffers as arguments.

    Parameters
    ----------
    module : nn.Module
        One of them.
    n_copies : int

    Attributes
    ----------
    template : nn.Module
        A module of that structure, without values.
    """

    def __init__(self, module: nn.Module, n_copies: int) -> None:
        self.template, self.n_copies = copy.deepcopy(module).to("meta"), n_copies
        self._mode: bool | None = None  # whether the template is in training mode
        self._is_chain = is_common_chain(module) and next(module.parameters(), None) is not None

    def __call__(
        self,
        parameters: Mapping[str, Tensor],
        buffers: Mapping[str, Tensor],
        inputs: CopyInputs,
        apart: bool,
        options: Mapping[str, Any],
        *,
        training: bool,
    ) -> Any:
        """Features of every copy, with a leading axis over the copies.

        Parameters
        ----------
        parameters, buffers : mapping of str to tensor
            Stacked, by their name in one copy.
        inputs : tensor, mapping of str to tensor, or State
        apart : bool
            Whether inputs have a leading axis over the copies.
        options : mapping
            What the modules take beside the inputs.
        training : bool
            Whether they are in training mode.
        """
        if self._mode != training:
            self.template.train(training)
            self._mode = training
        if self._is_chain and not options and isinstance(inputs, Tensor | State):
            return self._chained(parameters, inputs, apart)
        gives: list[bool] = []

        def run(own: Any, own_buffers: Any, own_inputs: Any) -> Any:
            def call(rows: Any) -> Any:
                return functional_call(self.template, (own, own_buffers), (rows,), dict(options))

            features = call_with(self.template, call, own_inputs)
            gives.append(isinstance(features, State))
            return leaves_of(features)

        in_dims: Any = (0, 0, axes_of(inputs, apart))
        arrays = leaves_of(inputs) if isinstance(inputs, State) else inputs
        leaves = vmap(run, in_dims=in_dims, randomness="different")(
            dict(parameters), dict(buffers), arrays
        )
        return state_of(leaves, has_own_masks(inputs, apart)) if gives[-1] else leaves

    def _chained(
        self, own: Mapping[str, Tensor], inputs: Tensor | State, apart: bool
    ) -> Tensor | State:
        """The same without vmap, which is slower for chains of common layers."""
        n_copies = len(next(iter(own.values()))) if own else self.n_copies
        if isinstance(inputs, Tensor):
            return run_chain(self.template, own, inputs, n_copies, apart=apart)
        values = run_chain(self.template, own, inputs.values, n_copies, apart=apart)
        return State(values, inputs.mask)
