"""Equal networks with parameters of their own, run as one."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

__all__ = ["Replicas"]


class Replicas(nn.Module):
    """Equal modules whose parameters are stacked along a first axis and run in one batched pass.

    Modules that cannot be batched over their parameters (batch normalisation with running
    statistics, recurrent layers, data-dependent control flow) are run one after another.

    Parameters
    ----------
    modules : sequence of nn.Module
        Of one structure; their parameters are copied.
    sample : mapping of str to tensor
        Two rows of inputs, to find out whether the modules can be batched.

    Attributes
    ----------
    stacked : bool
        Whether one batched pass serves all.
    """

    def __init__(self, modules: Sequence[nn.Module], sample: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.n_replicas = len(modules)
        parameters, buffers = stack_module_state(list(modules))
        self._template = (copy.deepcopy(modules[0]).to("meta"),)  # in a tuple: not a submodule
        self._names = {_flat(name): name for name in parameters}
        self._buffer_names = {_flat(name): name for name in buffers}
        stackable = self._works(parameters, buffers, sample)
        self.stacked = stackable
        if stackable:
            for flat, name in self._names.items():
                self.register_parameter(flat, nn.Parameter(parameters[name].detach().clone()))
            for flat, name in self._buffer_names.items():
                self.register_buffer(flat, buffers[name].detach().clone())
        else:
            self.members = nn.ModuleList(modules)

    def _works(
        self,
        parameters: Mapping[str, Tensor],
        buffers: Mapping[str, Tensor],
        sample: Mapping[str, Tensor],
    ) -> bool:
        rows = {name: part.expand(self.n_replicas, *part.shape) for name, part in sample.items()}
        before = {name: buffer.clone() for name, buffer in buffers.items()}
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            try:
                self._batched(parameters, buffers, rows)
            except (RuntimeError, ValueError, NotImplementedError):
                return False
        return all(torch.equal(before[name], buffers[name]) for name in before)

    def _batched(
        self,
        parameters: Mapping[str, Tensor],
        buffers: Mapping[str, Tensor],
        rows: Mapping[str, Tensor],
    ) -> Tensor:
        template = self._template[0].train(self.training)

        def one(own: Any, own_buffers: Any, own_rows: Any) -> Tensor:
            return functional_call(template, (own, own_buffers), (own_rows,))

        run = vmap(one, randomness="different")
        return run(dict(parameters), dict(buffers), dict(rows))

    def forward(self, inputs: Mapping[str, Tensor], sizes: Sequence[int] | None = None) -> Tensor:
        """Map inputs with a leading replica axis to features (n_replicas, n, h).

        Of a replica's rows only the first `sizes` count. Modules that run one after another,
        which may look at a batch as a whole, do not see the others, whose features are 0.
        """
        if not self.stacked:
            return self._one_by_one(inputs, sizes)
        own = {name: getattr(self, flat) for flat, name in self._names.items()}
        buffers = {name: getattr(self, flat) for flat, name in self._buffer_names.items()}
        return self._batched(own, buffers, inputs)

    def _one_by_one(self, inputs: Mapping[str, Tensor], sizes: Sequence[int] | None) -> Tensor:
        n_rows = next(iter(inputs.values())).shape[1]
        features = []
        for i, (member, size) in enumerate(
            zip(self.members, sizes or [n_rows] * self.n_replicas, strict=True)
        ):
            found = member({name: part[i, :size] for name, part in inputs.items()})
            features.append(nn.functional.pad(found, (0, 0, 0, n_rows - size)))
        return torch.stack(features)


def _flat(name: str) -> str:
    return name.replace(".", "__")
