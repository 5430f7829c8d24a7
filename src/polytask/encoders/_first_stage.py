"""An entry and the stage after it, which for members of an ensemble are cheaper together."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from polytask.encoders._member_layers import AdaptedLinear, PackedLinear
from polytask.encoders._member_rows import MemberRows
from polytask.encoders._state import State, advance

__all__ = ["enter"]

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
"""Where modules keep hooks, which a stage that is not called would leave out."""


def enter(entry: nn.Module, stage: nn.Module, inputs: Mapping[str, Tensor]) -> State:
    """The state after an entry and the first stage, equal to ``advance(stage, entry(inputs))``.

    Rows of the members of an ensemble are not written out where the stage begins with a linear
    layer, which takes most of the time where there are many columns.

    Parameters
    ----------
    entry, stage : nn.Module
    inputs : mapping of str to tensor
        Of one source, by the name of the part.
    """
    layer, *rest = stage if type(stage) is nn.Sequential and len(stage) else (stage,)
    if not isinstance(entry, MemberRows) or any(map(_has_hooks, (entry, stage, layer))):
        return advance(stage, entry(inputs))
    features = _features(entry, layer, inputs)
    if features is None:
        return advance(stage, entry(inputs))
    values = features.flatten(-3, -2)
    for module in rest:
        values = module(values)
    return State(values)


def _features(entry: MemberRows, layer: nn.Module, inputs: Mapping[str, Tensor]) -> Tensor | None:
    """Features (n, members, h) of a linear layer; None for any other."""
    if type(layer) is nn.Linear:
        return entry.products(inputs, layer.weight, layer.bias)
    if type(layer) is AdaptedLinear and layer.scale_in is None:
        return entry.products(inputs, layer.weight, None) * layer.scale_out + layer.bias
    if type(layer) is PackedLinear and entry.adapter is None:
        weight, bias = layer.weight.flatten(0, 1), layer.bias.flatten()
        values = nn.functional.linear(entry.entry(inputs).values, weight, bias)
        return values.view(len(values), *layer.bias.shape)
    return None


def _has_hooks(module: nn.Module) -> bool:
    return any(getattr(module, hooks) for hooks in _HOOKS)
