"""Trial passes that decide whether networks can be stacked."""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import torch
from torch import Tensor

from polytask._reason import reason
from polytask.architectures._copies_trial import all_close
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._overrides import overrides
from polytask.architectures._stacked_networks import StackedNetworks
from polytask.data import Batch

__all__ = ["changed_buffers", "hooks_refusal", "run_alone", "trial_refusal"]

_SEED = 5
_REFUSALS = (
    *(RuntimeError, ValueError, NotImplementedError, UserWarning),
    *(AttributeError, TypeError),  # where tensors stand in for parameters
)


def hooks_refusal(network: MultiTaskModule) -> str | None:
    """Why a network's methods keep it from being stacked, in words; None if they do not."""
    name = type(network).__name__
    if network.has_updates:
        what = "a proximal step, or tensors that are learned in closed form"
        return f"{name} has {what}, which act on each network by itself"
    for hook, what in (
        ("adapt", "sharing that changes at evaluations"),
        ("draw_preference", "a preference as its input"),
    ):
        if overrides(network, hook):
            return f"{name} has {what}, which acts on each network by itself"
    if network.has_batch_penalty:
        return (
            f"{name} has a penalty of its features or scores, which reads each network's own batch"
        )
    if not any(parameter.requires_grad for parameter in network.parameters()):
        return f"{name} has no parameter to train"
    return None


def changed_buffers(network: MultiTaskModule, batch: Batch) -> frozenset[str]:
    """Names of the buffers that a pass in training mode changes."""
    trial = copy.deepcopy(network)
    before = {name: buffer.clone() for name, buffer in trial.named_buffers()}
    run_alone(trial, batch, training=True)
    return frozenset(
        name for name, buffer in trial.named_buffers() if not _same_numbers(buffer, before[name])
    )


def trial_refusal(
    networks: Sequence[MultiTaskModule], batch: Batch, changing: frozenset[str]
) -> str | None:
    """Why networks cannot be run as one, in words; None if they give what each gives alone.

    All are compared on the same rows in evaluation mode, the first and the last in training mode,
    too, with their buffers afterwards.

    Parameters
    ----------
    networks : sequence of MultiTaskModule
        Of one structure.
    batch : Batch of tensors
        A few rows; labels are not read.
    changing : frozenset of str
        Names of the buffers that a pass in training mode changes.
    """
    name = type(networks[0]).__name__
    some = [networks[0], networks[-1]]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="There is a performance drop")
        try:
            if _evaluates_alike(networks, batch) and _trains_alike(some, batch, changing):
                return None
        except _REFUSALS as error:
            return f"{name} cannot run over stacked parameters ({_why(error)})"
    return f"{name} gives other scores as part of a stack than alone"


def _why(error: Exception) -> str:
    """What keeps networks from being run as one, on a line."""
    operation = re.search(r"batching rule for ([\w:]+)", str(error))
    if operation is not None:
        return f"PyTorch has no batched form of {operation[1]}"
    return reason(error, 120, named=False)


def _evaluates_alike(networks: Sequence[MultiTaskModule], batch: Batch) -> bool:
    """Whether a stack scores common rows as each network does."""
    stack = StackedNetworks(networks)
    with torch.no_grad():
        raw, _ = stack.scores(batch, apart=False, training=False)
    alone = (run_alone(network, batch, training=False) for network in networks)
    return all(_same_scores(raw, position, own) for position, own in enumerate(alone))


def _trains_alike(
    networks: Sequence[MultiTaskModule], batch: Batch, changing: frozenset[str]
) -> bool:
    """Whether a stack in training mode gives the scores and leaves the buffers of each network."""
    trials = [copy.deepcopy(network) for network in networks]
    stack = StackedNetworks(trials, changing)
    generators = [torch.Generator().manual_seed(_SEED) for _ in trials]
    rows = _repeated(batch, len(trials))
    with torch.no_grad():
        raw, _ = stack.scores(rows, apart=True, training=True, generators=generators)
    for position, network in enumerate(trials):
        own = run_alone(network, batch, training=True)
        stacked = {**stack.state(position), **stack.common}
        buffers = dict(network.named_buffers())
        if not _same_scores(raw, position, own):
            return False
        if not all_close([stacked[name] for name in buffers], list(buffers.values())):
            return False
    return True


def _same_scores(raw: Raw, position: int, own: Raw) -> bool:
    return own.keys() == raw.keys() and all_close(
        [raw[k][position] for k in own], list(own.values())
    )


def run_alone(network: MultiTaskModule, batch: Batch, *, training: bool) -> Raw:
    """Scores of one network, in training mode with noise by the seed of the trial."""
    mode = network.training
    network.train(training)
    with _noise(network) if training else nullcontext(), torch.no_grad():
        raw = network(network.with_members(batch))
    network.train(mode)
    return raw


@contextmanager
def _noise(network: MultiTaskModule) -> Iterator[None]:
    """Draw by the seed of the trial, and leave the global generators as they were."""
    device = next(network.parameters()).device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(_SEED)
        yield


def _repeated(batch: Batch, times: int) -> Batch:
    """The same rows for every network."""

    def each(array: Tensor) -> Tensor:
        return array.expand(times, *array.shape)

    return {
        source: replace(
            rows,
            inputs={part: each(array) for part, array in rows.inputs.items()},
            task=None if rows.task is None else each(rows.task),
        )
        for source, rows in batch.items()
    }


def _same_numbers(one: Tensor, other: Tensor) -> bool:
    if one.is_floating_point():
        one, other = one.nan_to_num(), other.nan_to_num()
    return torch.equal(one, other)
