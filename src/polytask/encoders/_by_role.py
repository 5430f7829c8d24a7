"""An encoder for each role of a row's parts, joined."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from polytask._validation import Choice, Constraint, MappingOf
from polytask.data import PART_ROLES, Bins, Part, Tokenizer
from polytask.encoders._custom_encoder import ENCODER, as_encoder
from polytask.encoders._encoder import Encoder, check_roles, entered_sample
from polytask.encoders._mlp import MLP
from polytask.encoders._pooling import feature_shape, mean_pool
from polytask.encoders._state import State, advance
from polytask.exceptions import ParameterError

__all__ = ["ByRole"]

_READ_TOGETHER = frozenset({"numeric", "categorical", "date"})


@dataclass(frozen=True)
class ByRole(Encoder):
    r"""An encoder for each role, whose features are joined for the last stages.

    .. math:: h = g([f_1(x_1), \dots, f_m(x_m)])

    with the parts :math:`x_i` of a row, an encoder :math:`f_i` for each, pooled to one vector, and
    the joint stages g. Every image, tensor, text or sequence has a branch of its own; numbers and
    categories of one role are read together.

    Parameters
    ----------
    encoders : mapping of role to Encoder or callable, default {}
        For example ``{"image": my_cnn}``, a factory as for `CustomEncoder`.
    rest : Encoder or callable, default MLP(())
        Reads all parts whose role is not named, together.
    joint : Encoder or callable, default MLP((128,))
        Goes on from the joined features. Its stages are what an architecture shares.

    Raises
    ------
    ParameterError
        If an encoder is an ensemble of several members.

    Notes
    -----
    The branches belong to the entry of a source, so several sources have branches of their own
    and share the joint stages.

    Examples
    --------
    >>> from torch import nn
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import MLP, ByRole
    >>> def cnn(shape):
    ...     return nn.Sequential(nn.Conv2d(shape[0], 8, 3), nn.ReLU())
    >>> HardSharing(ByRole({"image": cnn}, rest=MLP((16,)), joint=MLP((32,)))).encoder.rest.widths
    (16,)
    """

    encoders: Mapping[str, Encoder | Callable[..., Any]] = field(default_factory=dict)
    rest: Encoder | Callable[..., Any] = field(default_factory=lambda: MLP(()))
    joint: Encoder | Callable[..., Any] = field(default_factory=lambda: MLP((128,)))

    takes: ClassVar[frozenset[str]] = frozenset(PART_ROLES)
    rows_apart: ClassVar[bool] = False
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "encoders": MappingOf(Choice(PART_ROLES), ENCODER),
        "rest": ENCODER,
        "joint": ENCODER,
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        for encoder in self.encoders.values():
            _check_members("encoders", encoder)
        _check_members("rest", self.rest)
        _check_members("joint", self.joint)

    @property
    def starts_drawn(self) -> bool:  # type: ignore[override]
        """Whether the weights of all encoders start as drawn."""
        encoders = [*self.encoders.values(), self.rest, self.joint]
        return all(as_encoder(encoder).starts_drawn for encoder in encoders)

    @property
    def training(self) -> Mapping[str, Any]:  # type: ignore[override]
        """Those of the first encoder whose weights come from a file, which other settings could ruin."""
        encoders = map(as_encoder, (*self.encoders.values(), self.rest, self.joint))
        return next((e.training for e in encoders if not e.starts_drawn), {})

    @property
    def bins(self) -> Bins | None:
        """Those of the encoder that reads numbers."""
        return as_encoder(self.encoders.get("numeric", self.rest)).bins

    @property
    def tokenizer(self) -> Tokenizer | None:
        """That of the encoder of texts or of tokens that has one, for these alone."""
        own = {
            role: as_encoder(self.encoders.get(role, self.rest)).tokenizer
            for role in ("text", "tokens")
        }
        known = list(dict.fromkeys(tokenizer for tokenizer in own.values() if tokenizer))
        if len(known) > 1:
            sentence = (
                "The `encoders` parameter of ByRole must hold pretrained text models of one tokenizer, "
                "since a column is encoded once. Got two; choose the same model for both."
            )
            raise ParameterError(sentence)
        roles = tuple(role for role, tokenizer in own.items() if tokenizer)
        return replace(known[0], roles=roles) if known else None

    def entry(self, parts: Sequence[Part]) -> nn.Module:
        """Build the branches of the parts, whose vectors are joined."""
        return _Joined([self._branch(group) for group in self._groups(parts)])

    def stages(self, shape: tuple[int, ...]) -> Sequence[nn.Module]:
        """The stages of `joint`."""
        return as_encoder(self.joint).stages(shape)

    def _groups(self, parts: Sequence[Part]) -> list[list[Part]]:
        """Parts that one branch reads, in the order of the parts."""
        groups: dict[str, list[Part]] = {}
        for part in parts:
            key = part.role if part.role in _READ_TOGETHER else part.name
            groups.setdefault(key if part.role in self.encoders else "", []).append(part)
        return list(groups.values())

    def _branch(self, parts: Sequence[Part]) -> nn.Module:
        encoder = as_encoder(self.encoders.get(parts[0].role, self.rest))
        check_roles("ByRole", encoder, ", ".join(part.name for part in parts), parts)
        return _Branch(encoder, parts)


def _check_members(parameter: str, encoder: Encoder | Callable[..., Any]) -> None:
    members = as_encoder(encoder).members
    if members > 1:
        sentence = (
            f"The `{parameter}` parameter of ByRole must hold no ensemble, which gives a row for each "
            f"member. Got {type(encoder).__name__} with {members} members instead; choose MLP or "
            "ResidualMLP."
        )
        raise ParameterError(sentence)


class _Branch(nn.Module):
    """Parts to one vector per row."""

    def __init__(self, encoder: Encoder, parts: Sequence[Part]) -> None:
        super().__init__()
        self.entry = encoder.entry(parts)
        shape = feature_shape(entered_sample(self.entry, parts).values)
        self.stages = nn.ModuleList(encoder.stages(shape))

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        state = self.entry(inputs)
        for stage in self.stages:
            state = advance(stage, state)
        return mean_pool(state)


class _Joined(nn.Module):
    """The vectors of several branches, one beside the other."""

    def __init__(self, branches: Sequence[nn.Module]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, inputs: Mapping[str, Tensor]) -> State:
        return State(torch.cat([branch(inputs) for branch in self.branches], dim=1))
