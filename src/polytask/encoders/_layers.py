"""Activations, normalisations and initialisers by name."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from polytask._validation import Choice
from polytask.encoders._dropout import Dropout, RectifiedDropout
from polytask.ranges import Choices

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "INITIALIZER_RANGE",
    "NORMALIZATIONS",
    "activation",
    "activation_and_dropout",
    "initialize",
    "matrices_of",
    "normalization",
]

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "elu": nn.ELU,
    "leaky_relu": nn.LeakyReLU,
    "selu": nn.SELU,
    "sigmoid": nn.Sigmoid,
}
_NORMALIZATIONS: dict[str, type[nn.Module]] = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}
_INITIALIZERS: dict[str, Callable[[Tensor], Tensor]] = {
    "xavier_uniform": nn.init.xavier_uniform_,
    "xavier_normal": nn.init.xavier_normal_,
    "kaiming_uniform": nn.init.kaiming_uniform_,
    "kaiming_normal": nn.init.kaiming_normal_,
    "orthogonal": nn.init.orthogonal_,
}
ACTIVATIONS = Choice(tuple(_ACTIVATIONS))
NORMALIZATIONS = Choice((None, *_NORMALIZATIONS))
INITIALIZERS = Choice((None, *_INITIALIZERS))
INITIALIZER_RANGE = Choices((None, "xavier_uniform", "kaiming_normal", "orthogonal"))


def activation(name: str) -> nn.Module:
    """The activation of that name."""
    return _ACTIVATIONS[name]()


def activation_and_dropout(name: str, p: float) -> list[nn.Module]:
    """The activation of that name, then dropout unless `p` is 0."""
    if not p:
        return [activation(name)]
    return [RectifiedDropout(p)] if name == "relu" else [activation(name), Dropout(p)]


def normalization(name: str | None, width: int) -> list[nn.Module]:
    """The normalisation of that name over `width` features; none for None."""
    return [] if name is None else [_NORMALIZATIONS[name](width)]


def initialize(module: nn.Module, name: str | None) -> None:
    """Draw every layer's weight matrix anew and set its bias to 0; None keeps PyTorch's own."""
    if name is None:
        return
    for layer in module.modules():
        matrices = matrices_of(layer)
        for matrix in matrices:
            _INITIALIZERS[name](matrix)
        for bias in _biases_of(layer) if matrices else []:
            nn.init.zeros_(bias)


def matrices_of(layer: nn.Module) -> list[Tensor]:
    """Matrices drawn one by one: the layer's weight, or each slice of stacked weights."""
    if hasattr(layer, "matrices"):
        return layer.matrices()  # type: ignore[operator]
    weight = getattr(layer, "weight", None)
    embeds = isinstance(layer, nn.Embedding)
    return [weight] if isinstance(weight, Tensor) and weight.ndim > 1 and not embeds else []


def _biases_of(layer: nn.Module) -> list[Tensor]:
    if hasattr(layer, "biases"):
        return layer.biases()  # type: ignore[operator]
    bias = getattr(layer, "bias", None)
    return [bias] if isinstance(bias, Tensor) else []
