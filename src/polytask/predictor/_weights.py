"""Checked loading of a network's weights from an untrusted file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from polytask.architectures._limited_size import limited_numbers
from polytask.exceptions import BundleError

__all__ = ["check_finite_weights", "limit_parameters", "load_weights"]

_REGISTERED_TWICE = 16
_FEW = 1 << 16


@contextmanager
def limit_parameters(n_weights: int) -> Iterator[None]:
    """Raise if the block builds a network of many more parameters than a file holds.

    A recipe of absurd width or depth ends early, before memory is filled.
    """
    error = ValueError(
        f"the recipe describes a network of more parameters than the {n_weights:,} saved"
    )
    with limited_numbers(_REGISTERED_TWICE * n_weights + _FEW, error):
        yield


def load_weights(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Load saved tensors into the network that the recipe built.

    Raises
    ------
    ValueError
        If one is missing or left over, or has another shape or type.
    """
    own = network.state_dict()
    constants = dict(network.named_buffers()).keys() - own.keys()
    weights = {name: t for name, t in weights.items() if name not in constants}  # once saved too
    shared = {tensor.data_ptr() for name, tensor in own.items() if name in weights}
    for name in weights.keys() ^ own.keys():
        alias = name in own and own[name].numel() and own[name].data_ptr() in shared
        if not alias:
            lacks = "the saved weights lack" if name in own else "the network has no place for"
            raise ValueError(f"{lacks} {name[:80]!r}")
    for name, tensor in weights.items():
        if tensor.shape != own[name].shape or tensor.dtype != own[name].dtype:
            sentence = (
                f"the saved weights {name!r} are {_form(tensor)}, and the network that the recipe "
                f"builds has {_form(own[name])} there"
            )
            raise ValueError(sentence)
    network.load_state_dict(weights, strict=False)


def check_finite_weights(network: nn.Module, where: str) -> None:
    """Raise for weights that are not finite, and for buffers that are NaN."""
    for name, tensor in network.state_dict().items():
        if not tensor.is_floating_point():
            continue
        parameter = name in dict(network.named_parameters())
        if not bool((torch.isfinite(tensor) if parameter else ~torch.isnan(tensor)).all()):
            raise BundleError(f"{where}: the weights {name!r} hold values that are not finite.")


def _form(tensor: Tensor) -> str:
    return f"{tuple(tensor.shape)} of {str(tensor.dtype).removeprefix('torch.')}"
