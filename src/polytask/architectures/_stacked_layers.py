"""Chains of common layers with stacked parameters, without vmap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from torch import Tensor, nn

from polytask.architectures._stacked_product import stacked_product
from polytask.encoders._dropout import Dropout, RectifiedDropout

__all__ = ["is_common_chain", "run_chain"]

_ELEMENTWISE = (
    nn.ReLU,
    nn.GELU,
    nn.SiLU,
    nn.Tanh,
    nn.ELU,
    nn.LeakyReLU,
    nn.SELU,
    nn.Sigmoid,
    nn.Identity,
)
_COMMON = (*_ELEMENTWISE, nn.Linear, nn.LayerNorm, nn.Dropout, Dropout, RectifiedDropout)


def is_common_chain(module: nn.Module) -> bool:
    """Whether a module is made of linear layers, layer norm, dropout and activations alone.

    No two layers may share a parameter.

    Examples
    --------
    >>> from torch import nn
    >>> from polytask.architectures._stacked_layers import is_common_chain
    >>> is_common_chain(nn.Sequential(nn.Linear(2, 3), nn.ReLU())), is_common_chain(nn.GRU(2, 3))
    (True, False)
    """
    layers = [layer for _, layer in _layers(module)]
    learned = [id(parameter) for layer in layers for parameter in layer.parameters()]
    plain = all(type(layer) in _COMMON and not _has_hooks(layer) for layer in layers)
    return plain and len(set(learned)) == len(learned)


def _has_hooks(layer: nn.Module) -> bool:
    return bool(layer._forward_hooks or layer._forward_pre_hooks)  # noqa: SLF001 - no public way


def _layers(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The layers of a chain in order, also one that stands in it twice, by prefixes of names."""
    for name, layer in module.named_modules(remove_duplicate=False):
        if type(layer) is not nn.Sequential:
            yield f"{name}." if name else "", layer


def run_chain(
    module: nn.Module,
    own: Mapping[str, Tensor],
    values: Tensor,
    n_copies: int,
    *,
    apart: bool,
    mask: Callable[[Tensor, float], Tensor] | None = None,
) -> Tensor:
    """Features of all copies, (n_copies, n, …).

    Parameters
    ----------
    module : nn.Module
        One for which `is_common_chain` holds; its parameters are not read.
    own : mapping of str to tensor
        Stacked parameters by the names of the module's.
    values : tensor
        (n, …), or with `apart` (n_copies, n, …).
    n_copies : int
    apart : bool
    mask : callable, optional
        Draws what dropout multiplies values of all copies by, from values and the probability; by
        default the layers draw.
    """
    layers = list(_layers(module))
    followers = [*(layer for _, layer in layers[1:]), None]
    fresh = False  # whether the values are those of a linear layer with its ReLU
    for (prefix, layer), follower in zip(layers, followers, strict=True):
        if isinstance(layer, nn.Linear):
            weight, bias = own[f"{prefix}weight"], own.get(f"{prefix}bias")
            fresh = isinstance(follower, nn.ReLU)
            values = _linear(values, weight, bias, apart=apart, rectified=fresh)
            apart = True
        elif isinstance(layer, nn.LayerNorm):
            values = nn.functional.layer_norm(values, layer.normalized_shape, eps=layer.eps)
            if layer.elementwise_affine:
                weight, bias = own[f"{prefix}weight"], own.get(f"{prefix}bias")
                values = values if apart else values.expand(n_copies, *values.shape)
                values, apart = _affine(values, weight, bias), True
        elif isinstance(layer, nn.Dropout):
            values = values if apart else values.expand(n_copies, *values.shape)
            values, apart = _dropped(layer, values, mask), True
        elif fresh:
            fresh = False
        else:
            values = layer(values)
    return values if apart else values.expand(n_copies, *values.shape)


def _dropped(
    layer: nn.Dropout, values: Tensor, mask: Callable[[Tensor, float], Tensor] | None
) -> Tensor:
    """Values after a layer of dropout."""
    if mask is None or not layer.training:
        dropped: Tensor = layer(values)
        return dropped
    if type(layer) is nn.Dropout:
        sentence = "a layer of PyTorch draws its own noise"
        raise NotImplementedError(sentence)
    masked = values * mask(values, layer.p)
    return masked.relu_() if isinstance(layer, RectifiedDropout) else masked


def _linear(
    values: Tensor, weight: Tensor, bias: Tensor | None, *, apart: bool, rectified: bool
) -> Tensor:
    """Linear layers of all copies, (k, n, …, out), on rows of their own or on common ones."""
    rows = values.flatten(int(apart), -2)
    outputs = stacked_product(rows, weight)
    outputs = _finished(outputs, None if bias is None else bias.unsqueeze(1), rectified=rectified)
    return outputs.view(len(weight), *values.shape[int(apart) : -1], outputs.shape[-1])


def _finished(outputs: Tensor, bias: Tensor | None, *, rectified: bool) -> Tensor:
    """Products with bias and ReLU, in place: none of their gradients reads what came before."""
    outputs = outputs if bias is None else outputs.add_(bias)
    return outputs.relu_() if rectified else outputs


def _affine(values: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    between = [1] * (values.ndim - weight.ndim)
    scaled = values * weight.view(len(weight), *between, *weight.shape[1:])
    return scaled if bias is None else scaled + bias.view(len(bias), *between, *bias.shape[1:])
