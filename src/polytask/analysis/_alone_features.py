"""Features of every stage of the tasks' own networks, whose likeness says where a joint one may branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from polytask.analysis._task_features import Features, task_features
from polytask.architectures import Copies, MultiTaskModule, Stages
from polytask.architectures._unstacked import unstacked
from polytask.data import Source, SourceBatch
from polytask.encoders import State, mean_pool
from polytask.predictor import FittedPredictor, NetworkModel

__all__ = ["alone_features"]


def alone_features(alone: FittedPredictor, source: Source) -> list[Features]:
    """Features of the tasks' own networks: the last, and those after every stage before it.

    Stages are those of networks that have copies of a trunk of `Stages`. Steps of sequences and places of
    maps are averaged.

    Parameters
    ----------
    alone : FittedPredictor
    source : Source
        Rows, without labels and without tasks of their own.

    Returns
    -------
    list of Features
        Empty where they cannot be read.
    """
    model = alone.model
    if not isinstance(model, NetworkModel) or source.name not in model.network.sources:
        return []
    tasks = [name for name in source.tasks.names if name in alone.tasks.names]
    rows: SourceBatch = model.tensors(replace(source, tasks=source.tasks.subset(tasks)))
    network = model.network.eval()
    features = task_features(network, source.name, rows)
    if features is None or features.common:
        return []
    last = replace(features, name="features of single tasks")
    return [last, *_after_stages(network, source.name, rows)]


def _after_stages(network: MultiTaskModule, source: str, rows: SourceBatch) -> list[Features]:
    """Features of each task after every stage of its network but the last."""
    copies = [n for n, m in network.named_modules() if isinstance(m, Copies) and m.tasks]
    apart = unstacked(network, copies)
    seen: dict[str, list[Tensor]] = {}
    for name in copies:
        piece: Any = apart.get_submodule(name)
        for task, member in zip(piece.tasks, piece.members, strict=True):
            trunks = [module for module in member.modules() if isinstance(module, Stages)]
            if len(trunks) == 1:
                seen[task] = []
                _watch(member, trunks[0], seen[task])
    with torch.no_grad():
        apart(apart.with_members({source: rows}))
    own = {task: values[:-1] for task, values in seen.items() if values}
    depth = min(map(len, own.values()), default=0)
    return [_features(own, stage) for stage in range(depth)]


def _features(own: dict[str, list[Tensor]], stage: int) -> Features:
    values = tuple(arrays[stage].double().cpu().numpy() for arrays in own.values())
    owners: Sequence[tuple[str, ...]] = [(task,) for task in own]
    return Features(f"stage {stage + 1} of single tasks", tuple(owners), values)


def _watch(member: nn.Module, trunk: Stages, kept: list[Tensor]) -> None:
    """Keep what every stage gives, averaged over the steps that a row has; hooks go with the copy."""
    masks: list[Tensor | None] = [None]

    def remember(_module: nn.Module, _given: Any, output: Any) -> None:
        if isinstance(output, State):
            masks[0] = output.mask

    def keep(_module: nn.Module, _given: Any, output: Any) -> None:
        state = output if isinstance(output, State) else State(output, masks[0])
        mask = state.mask
        fits = mask is not None and state.values.shape[:2] == mask.shape
        kept.append(mean_pool(State(state.values, mask if fits else None)))

    for module in member.modules():
        module.register_forward_hook(remember)
    for stage in trunk:
        stage.register_forward_hook(keep)
