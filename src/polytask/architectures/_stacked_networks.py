"""Equal networks whose parameters are stacked, run as one."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._overrides import overrides
from polytask.architectures._stacked_trunk import stacked_trunk
from polytask.data import Batch, SourceBatch
from polytask.encoders._dropout import member_masks
from polytask.encoders._member_noise import member_noise

__all__ = ["StackedNetworks"]


class StackedNetworks:
    r"""Networks of one structure, with parameters :math:`\theta_m` stacked along a first axis.

    .. math:: s_m = f(x_m; \theta_m) \quad \text{for all } m \text{ in one pass}

    Frozen parameters and buffers that are the same in all networks, and stay so, are kept once.

    Parameters
    ----------
    networks : sequence of MultiTaskModule
        Their tensors are copied.
    changing : collection of str
        Names of the buffers that a pass in training mode changes.

    Attributes
    ----------
    template : MultiTaskModule
        A network of that structure.
    parameters : dict of str to tensor
        Trained parameters by name, (n_networks, …); leaves that need gradients.
    buffers : dict of str to tensor
        Frozen parameters and buffers that differ between networks, (n_networks, …).
    common : dict of str to tensor
        Those that all networks have alike, without that axis.
    """

    def __init__(self, networks: Sequence[MultiTaskModule], changing: Collection[str] = ()) -> None:
        self.template = copy.deepcopy(networks[0])
        self._penalized = overrides(self.template, "penalty")
        self._scorer = _Scorer(self.template, penalized=self._penalized)
        self._trunk = stacked_trunk(self.template)
        self.changing = frozenset(changing)
        self.parameters: dict[str, Tensor] = {}
        self.buffers: dict[str, Tensor] = {}
        self.common: dict[str, Tensor] = {}
        with torch.no_grad():
            self._stack(networks)

    def _stack(self, networks: Sequence[MultiTaskModule]) -> None:
        tensors = [_tensors(network) for network in networks]
        for name, first in tensors[0].items():
            own = [of_network[name].detach() for of_network in tensors]
            if first.requires_grad:
                self.parameters[name] = torch.stack(own).requires_grad_()
            elif name not in self.changing and all(_same(own[0], other) for other in own[1:]):
                self.common[name] = own[0].clone()
            else:
                self.buffers[name] = torch.stack(own)

    @property
    def n_networks(self) -> int:
        """How many networks there are."""
        return len(next(iter(self.parameters.values())))

    def scores(
        self,
        batch: Batch,
        *,
        apart: bool,
        members: Tensor | None = None,
        training: bool,
        generators: Sequence[torch.Generator] = (),
    ) -> tuple[Raw, Tensor | None]:
        """Raw scores of every network, and the sum of their penalties, if they have any.

        Parameters
        ----------
        batch : Batch of tensors
            Inputs, and the task of each row where every row has one; with `apart`, each with a leading
            axis over the networks. Labels are not read.
        apart : bool
            Whether every network has rows of its own.
        members : tensor of int64, optional
            The networks that run; all by default.
        training : bool
            Whether they are in training mode.
        generators : sequence of torch.Generator
            In training mode, what dropout draws from, one per network of the stack.

        Returns
        -------
        Raw
            (n_networks, n, n_tasks, *score_shape) of every source and block.
        tensor or None
        """
        parameters, buffers = self._of(self.parameters, members), self._of(self.buffers, members)
        device = next(iter(self.parameters.values())).device
        own = torch.arange(self.n_networks, device=device) if members is None else members
        axis = 0 if apart else None
        inputs = {source: dict(rows.inputs) for source, rows in batch.items()}
        tasks = {source: rows.task for source, rows in batch.items() if rows.task is not None}
        if self.template.training != training:
            self.template.train(training)
        if self._trunk is not None and self._trunk.serves(batch):
            chosen = [generators[k] for k in own.tolist()] if training and generators else []
            mask = partial(_masks, chosen) if training else None
            stacked = {**parameters, **buffers}
            return self._trunk(stacked, self.common, batch, apart=apart, mask=mask), None

        def run(parameters: Any, buffers: Any, inputs: Any, tasks: Any, own: Tensor) -> Any:
            rows = {
                source: SourceBatch(parts, task=tasks.get(source))
                for source, parts in inputs.items()
            }
            tensors = {**parameters, **buffers, **self.common}
            noise = member_noise(generators, own) if training else nullcontext()
            named = {f"network.{name}": tensor for name, tensor in tensors.items()}
            with noise:
                return functional_call(self._scorer, named, (rows,))

        run_all = vmap(run, in_dims=(0, 0, axis, axis, 0), randomness="error")
        raw, penalties = run_all(parameters, buffers, inputs, tasks, own)
        if training and members is not None:
            self._write_back(buffers, members)
        return raw, penalties.sum() if self._penalized else None

    def _of(self, tensors: Mapping[str, Tensor], members: Tensor | None) -> dict[str, Tensor]:
        if members is None:
            return dict(tensors)
        return {name: tensor.index_select(0, members) for name, tensor in tensors.items()}

    def _write_back(self, buffers: Mapping[str, Tensor], members: Tensor) -> None:
        """Keep what a pass of some networks changed."""
        with torch.no_grad():
            for name in self.changing & buffers.keys():
                self.buffers[name][members] = buffers[name]

    def state(self, position: int) -> dict[str, Tensor]:
        """Tensors of one network that are not common to all, by their names in it; no copies."""
        stacked = {**self.parameters, **self.buffers}
        return {name: tensor.detach()[position] for name, tensor in stacked.items()}

    @torch.no_grad()
    def load(self, position: int, state: Mapping[str, Tensor]) -> None:
        """Give one network a state by its names; those that it leaves out stay as they are."""
        for tensors in (self.parameters, self.buffers):
            for name, tensor in tensors.items():
                if name in state:
                    tensor[position].copy_(state[name])

    def keep(self, members: Tensor) -> None:
        """Remove all other networks from the stack."""
        with torch.no_grad():
            self.buffers = {n: t.index_select(0, members) for n, t in self.buffers.items()}
            self.parameters = {
                name: tensor.detach().index_select(0, members).requires_grad_()
                for name, tensor in self.parameters.items()
            }


class _Scorer(nn.Module):
    """Scores and penalty of a network, as tensors that `vmap` takes."""

    def __init__(self, network: MultiTaskModule, *, penalized: bool) -> None:
        super().__init__()
        self.network, self.penalized = network, penalized

    def forward(self, batch: Batch) -> tuple[Raw, Tensor]:
        raw = dict(self.network(self.network.with_members(batch)))
        some = next(iter(raw.values()))
        return raw, self.network.penalty() if self.penalized else some.new_zeros(())


def _masks(generators: Sequence[torch.Generator], values: Tensor, p: float) -> Tensor:
    """What dropout multiplies the values of all networks by."""
    if values.device.type != "cpu":
        sentence = "dropout draws for all networks together on this device"
        raise NotImplementedError(sentence)
    return member_masks(values, p, generators)


def _tensors(network: nn.Module) -> dict[str, Tensor]:
    return {**dict(network.named_parameters()), **dict(network.named_buffers())}


def _same(one: Tensor, other: Tensor) -> bool:
    if one.data_ptr() == other.data_ptr() and one.shape == other.shape:
        return True
    if one.shape != other.shape:
        return False
    if one.is_floating_point():
        return torch.equal(one.nan_to_num(), other.nan_to_num())
    return torch.equal(one, other)
