"""Passes over stacked networks of one trunk, without `torch.func.vmap`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.func import functional_call, vmap

from polytask.architectures._block_heads import BlockHeads
from polytask.architectures._hard_sharing import HardSharingNetwork
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._stacked_layers import is_common_chain, run_chain
from polytask.architectures._stacked_product import stacked_product
from polytask.data import Batch

__all__ = ["StackedTrunk", "stacked_trunk"]

Mask = Callable[[Tensor, float], Tensor]


def stacked_trunk(network: MultiTaskModule) -> StackedTrunk | None:
    """The pass over networks of this structure, if they are a chain of common layers and heads."""
    if type(network) is not HardSharingNetwork or network.n_members > 1:
        return None
    plain_heads = all(
        type(heads) is BlockHeads and not block.has_places
        for block, heads in zip(network.blocks, network.heads, strict=True)
    )
    chained = all(map(is_common_chain, network.trunk))
    return StackedTrunk(network) if plain_heads and chained else None


class StackedTrunk:
    """Runs the entry, the trunk and the heads of stacked networks of `HardSharing` as batched products.

    Parameters
    ----------
    network : HardSharingNetwork
        Of their structure; its parameters are not read.
    """

    def __init__(self, network: HardSharingNetwork) -> None:
        self.network = network
        self._entries = [
            {name: f"inputs.{k}.{name}" for name, _ in _tensors(entry)}
            for k, entry in enumerate(network.inputs)
        ]
        self._stages = [
            {name: f"trunk.{k}.{name}" for name, _ in stage.named_parameters()}
            for k, stage in enumerate(network.trunk)
        ]

    def serves(self, batch: Batch) -> bool:
        """Whether it scores these rows: those of which each has one task gather heads instead."""
        return all(rows.task is None for rows in batch.values())

    def __call__(
        self,
        stacked: Mapping[str, Tensor],
        common: Mapping[str, Tensor],
        batch: Batch,
        *,
        apart: bool,
        mask: Mask | None,
    ) -> Raw:
        """Raw scores (n_networks, n, n_tasks, size) of every source and block.

        Parameters
        ----------
        stacked : mapping of str to tensor
            Parameters and buffers, (n_networks, …).
        common : mapping of str to tensor
            Those that are the same in all networks.
        batch : Batch of tensors
        apart : bool
            Whether inputs have a leading axis over the networks.
        mask : callable, optional
            In training mode, ``mask(values, p)`` draws what dropout multiplies (n_networks, n, …) by.
        """
        raw: Raw = {}
        n_networks = len(next(iter(stacked.values())))
        for k, source in enumerate(self.network.sources):
            if source not in batch:
                continue
            inputs = batch[source].inputs
            values, of_each = self._entered(k, stacked, common, inputs, apart=apart)
            for stage, names in zip(self.network.trunk, self._stages, strict=True):
                own = {name: stacked[full] for name, full in names.items()}
                values = run_chain(stage, own, values, n_networks, apart=of_each, mask=mask)
                of_each = True
            if not of_each:
                values = values.expand(n_networks, *values.shape)
            raw |= self._answers(source, stacked, values)
        return raw

    def _entered(
        self,
        position: int,
        stacked: Mapping[str, Tensor],
        common: Mapping[str, Tensor],
        inputs: Mapping[str, Tensor],
        *,
        apart: bool,
    ) -> tuple[Tensor, bool]:
        """Values of an entry, and whether they have a leading axis over the networks."""
        entry, names = self.network.inputs[position], self._entries[position]
        own = {name: stacked[full] for name, full in names.items() if full in stacked}
        alike = {name: common[full] for name, full in names.items() if full not in stacked}
        if not own and not apart:
            return functional_call(entry, alike, (dict(inputs),)).values, False
        axis = 0 if apart else None

        def enter(own: Any, inputs: Any) -> Tensor:
            values: Tensor = functional_call(entry, {**own, **alike}, (inputs,)).values
            return values

        if own:
            entered = vmap(enter, in_dims=(0, axis), randomness="error")(own, dict(inputs))
            return entered, True
        n_networks = len(next(iter(inputs.values())))
        joined = {name: part.flatten(0, 1) for name, part in inputs.items()}
        values = enter({}, joined)
        return values.view(n_networks, -1, *values.shape[1:]), True

    def _answers(self, source: str, stacked: Mapping[str, Tensor], values: Tensor) -> Raw:
        """Scores of a source's tasks from the features of its rows."""
        raw: Raw = {}
        for k, block in enumerate(self.network.blocks):
            if source not in block.sources:
                continue
            weight, bias = stacked[f"heads.{k}.weight"], stacked[f"heads.{k}.bias"]
            own = block.tasks_in(source)
            if own != block.tasks:
                columns = [block.tasks.index(name) for name in own]
                weight, bias = weight[:, columns], bias[:, columns]
            scores = stacked_product(values, weight.flatten(1, 2)) + bias.flatten(1).unsqueeze(1)
            raw[source, block.name] = scores.view(*scores.shape[:2], *bias.shape[1:])
        return raw


def _tensors(module: nn.Module) -> Sequence[tuple[str, Tensor]]:
    return [*module.named_parameters(), *module.named_buffers()]
