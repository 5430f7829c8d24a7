"""Equal modules with parameters of their own, run as one."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from polytask.architectures._owners import Owned, Owner, owned_by
from polytask.encoders import MaskedStage
from polytask.exceptions import ParameterError

__all__ = ["Copies"]

Inputs = Tensor | Mapping[str, Tensor]


class Copies(Owner):
    """Equal modules whose parameters are stacked along a first axis and run in one batched pass.

    Experts, towers or networks of single tasks. Modules that cannot be batched over their
    parameters (batch normalisation with running statistics, recurrent layers, control flow that
    depends on data) are run one after another.

    Parameters
    ----------
    modules : sequence of nn.Module
        Of one structure; their parameters are copied.
    sample : tensor or mapping of str to tensor
        Two rows of inputs as one module takes them, also with `apart` without an axis over the
        copies. They tell whether the modules can be batched.
    apart : bool, default False
        Whether every copy takes inputs of its own, with a leading axis over the copies.
    tasks : sequence of str, optional
        The task that each copy belongs to; by default all tasks share all copies.
    **options
        What the modules take beside the sample, the same for all.

    Attributes
    ----------
    stacked : bool
        Whether one batched pass serves all.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from polytask.architectures import Copies
    >>> rows = torch.randn(5, 3)
    >>> experts = Copies([nn.Linear(3, 2) for _ in range(4)], rows)
    >>> experts(rows).shape
    torch.Size([4, 5, 2])
    """

    def __init__(
        self,
        modules: Sequence[nn.Module],
        sample: Inputs,
        *,
        apart: bool = False,
        tasks: Sequence[str] = (),
        **options: Any,
    ) -> None:
        super().__init__()
        if any(map(_takes_state, modules)):
            sentence = (
                "The `modules` parameter of Copies must be modules that map tensors to tensors. Got "
                "a MaskedStage, which needs a State; run the stage once, outside of the copies."
            )
            raise ParameterError(sentence)
        self.n_copies, self.apart, self.tasks = len(modules), apart, tuple(tasks)
        parameters, buffers = stack_module_state(list(modules))
        self._template = (copy.deepcopy(modules[0]).to("meta"),)  # in a tuple: not a submodule
        self._names = {_flat(name): name for name in parameters}
        self._buffer_names = {_flat(name): name for name in buffers}
        self.stacked = self._works(parameters, buffers, sample, options)
        if self.stacked:
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
        sample: Inputs,
        options: Mapping[str, Any],
    ) -> bool:
        rows = sample
        if self.apart:
            rows = _mapped(sample, lambda part: part.expand(self.n_copies, *part.shape))
        before = {name: buffer.clone() for name, buffer in buffers.items()}
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            try:
                self._batched(parameters, buffers, rows, options)
            except (RuntimeError, ValueError, NotImplementedError):
                return False
        return all(torch.equal(before[name], buffers[name]) for name in before)

    def _batched(
        self,
        parameters: Mapping[str, Tensor],
        buffers: Mapping[str, Tensor],
        inputs: Inputs,
        options: Mapping[str, Any],
    ) -> Tensor:
        template = self._template[0].train(self.training)

        def run(own: Any, own_buffers: Any, own_inputs: Any) -> Tensor:
            return functional_call(template, (own, own_buffers), (own_inputs,), dict(options))

        in_dims = (0, 0, 0 if self.apart else None)
        return vmap(run, in_dims=in_dims, randomness="different")(
            dict(parameters), dict(buffers), inputs
        )

    def forward(
        self,
        inputs: Inputs,
        sizes: Sequence[int] | None = None,
        members: Sequence[int] | None = None,
        **options: Any,
    ) -> Tensor:
        """Features of every copy, (n_copies, n, …).

        Parameters
        ----------
        inputs : tensor or mapping of str to tensor
            The same for all copies; with `apart` they have a leading axis over the copies.
        sizes : sequence of int, optional
            With `apart`: of a copy's rows only so many count. Modules that run one after another,
            which may look at a batch as a whole, do not see the others, whose features are 0.
        members : sequence of int, optional
            The copies that run, where not all do.
        **options
            What the modules take beside the inputs, the same for all.
        """
        if not self.stacked:
            return self._one_by_one(inputs, sizes, members, options)
        own = {name: getattr(self, flat) for flat, name in self._names.items()}
        buffers = {name: getattr(self, flat) for flat, name in self._buffer_names.items()}
        if members is not None:
            own = {name: tensor[members] for name, tensor in own.items()}
            buffers = {name: tensor[members] for name, tensor in buffers.items()}
        return self._batched(own, buffers, inputs, options)

    def _one_by_one(
        self,
        inputs: Inputs,
        sizes: Sequence[int] | None,
        members: Sequence[int] | None,
        options: Mapping[str, Any],
    ) -> Tensor:
        modules = [self.members[i] for i in (range(self.n_copies) if members is None else members)]
        if not self.apart:
            return torch.stack([module(inputs, **options) for module in modules])
        first = inputs if isinstance(inputs, Tensor) else next(iter(inputs.values()))
        n_rows = first.shape[1]
        counts = [n_rows] * len(modules) if sizes is None else sizes
        features: list[Tensor | None] = [None] * len(modules)
        for i, size in enumerate(counts):
            if size:
                own = _mapped(inputs, lambda part, i=i, size=size: part[i, :size])
                rows = modules[i](own, **options)
                padding = [0, 0] * (rows.ndim - 1) + [0, n_rows - size]
                features[i] = nn.functional.pad(rows, padding)
        nothing = torch.zeros_like(next(rows for rows in features if rows is not None))
        return torch.stack([nothing if rows is None else rows for rows in features])

    def owners(self) -> Sequence[Owned]:
        """Copy k belongs to the k-th of `tasks`; without tasks, all copies serve all tasks."""
        if not self.tasks:
            return []
        if self.stacked:
            return owned_by(self, self.tasks, axis=0)
        return [
            owned
            for name, member in zip(self.tasks, self.members, strict=True)
            for owned in owned_by(member, [name])
        ]


def _takes_state(module: nn.Module) -> bool:
    chain = module if isinstance(module, nn.Sequential) else [module]
    return any(isinstance(part, MaskedStage) for part in chain)


def _mapped(inputs: Inputs, function: Any) -> Inputs:
    if isinstance(inputs, Tensor):
        return function(inputs)
    return {name: function(part) for name, part in inputs.items()}


def _flat(name: str) -> str:
    return name.replace(".", "__")
