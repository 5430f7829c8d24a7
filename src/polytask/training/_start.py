"""The state that training begins from, in place of drawn parameters."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from polytask._naming import suggestion
from polytask.architectures import Architecture, MultiTaskModule
from polytask.exceptions import ParameterError

__all__ = ["load_start"]


def load_start(
    architecture: Architecture, network: MultiTaskModule, start: Mapping[str, Tensor]
) -> None:
    """Load a state into a network that an architecture built.

    Raises
    ------
    ParameterError
        Naming the first tensor that is missing, left over or of another shape.
    """
    own = network.state_dict()
    owner = (
        "The `start` parameter of Trainer.fit must be the state of a network that "
        f"{type(architecture).__name__} builds for these data."
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
    with torch.no_grad():
        network.load_state_dict(dict(start))
