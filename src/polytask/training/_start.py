"""The state that training begins from, in place of drawn parameters."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from polytask._naming import suggestion
from polytask._validation import describe, message
from polytask.architectures import Architecture, MultiTaskModule
from polytask.exceptions import ParameterError

__all__ = ["load_start"]

_OWNER = "The `start` parameter of Trainer.fit"


def load_start(
    architecture: Architecture, network: MultiTaskModule, start: Mapping[str, Tensor]
) -> None:
    """Load a state into a network that an architecture built.

    Raises
    ------
    ParameterError
        If it is no mapping of tensors, or naming the first tensor that is missing, left over, of
        another shape or not finite.
    """
    own = network.state_dict()
    _check_tensors(start)
    owner = (
        f"{_OWNER} must be the state of a network that {type(architecture).__name__} builds for "
        "these data."
    )
    for name in sorted(own.keys() ^ start.keys()):
        lacks = name in own
        what = f"It lacks {name!r}" if lacks else f"The network has no {name!r}"
        hint = "" if lacks else f" {suggestion(name, own)}"
        raise ParameterError(f"{owner} {what}.{hint}")
    for name, tensor in start.items():
        if tensor.shape != own[name].shape:
            sentence = (
                f"{owner} Its tensor {name!r} has shape {tuple(tensor.shape)}, and that of the "
                f"network {tuple(own[name].shape)}."
            )
            raise ParameterError(sentence)
    _check_finite(network, start)
    with torch.no_grad():
        network.load_state_dict(dict(start))


def _check_tensors(start: object) -> None:
    """Refuse what is no mapping of names to tensors."""
    expected = "a mapping of names to tensors"
    if not isinstance(start, Mapping):
        remedy = "Give trained.network.state_dict()."
        raise ParameterError(message("Trainer.fit", "start", expected, start, remedy))
    for name, tensor in start.items():
        if not (isinstance(name, str) and isinstance(tensor, Tensor)):
            got = f"{describe(tensor)} for {describe(name)}"
            raise ParameterError(f"{_OWNER} must be {expected}. Got {got} instead.")


def _check_finite(network: MultiTaskModule, start: Mapping[str, Tensor]) -> None:
    """Refuse a state of a training that diverged; buffers may be infinite."""
    buffers = dict(network.named_buffers())
    for name, tensor in start.items():
        bad = torch.isnan(tensor) if name in buffers else ~torch.isfinite(tensor)
        if bool(bad.any()):
            sentence = (
                f"{_OWNER} must be finite. Its tensor {name!r} holds values that are not: the "
                "training that it comes from diverged, or it was changed. Give another state."
            )
            raise ParameterError(sentence)
