"""Constraints and search ranges that mixtures of experts have in common."""

from __future__ import annotations

from collections.abc import Mapping

from polytask._validation import Constraint, Each
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.encoders._sizes import COUNT, WIDTH
from polytask.ranges import Choices, SearchRange

__all__ = ["GATED_CONSTRAINTS", "GATED_RANGES", "OWN_EXPERT_CONSTRAINTS", "own_expert_ranges"]

_TOWERS = Choices(((), (16,), (64,)))

GATED_RANGES: Mapping[str, SearchRange] = {
    **EncoderArchitecture.search_ranges,
    "n_experts": Choices((2, 4, 8, 16), 8),
    "tower_widths": _TOWERS,
}
GATED_CONSTRAINTS: Mapping[str, Constraint] = {
    **EncoderArchitecture.parameter_constraints,
    "n_experts": COUNT,
    "tower_widths": Each(WIDTH),
}
OWN_EXPERT_CONSTRAINTS: Mapping[str, Constraint] = {
    **EncoderArchitecture.parameter_constraints,
    "n_shared": COUNT,
    "n_specific": COUNT,
    "tower_widths": Each(WIDTH),
}


def own_expert_ranges(n_shared: Choices) -> Mapping[str, SearchRange]:
    """Ranges where every task has experts of its own beside shared ones."""
    return {
        **EncoderArchitecture.search_ranges,
        "n_shared": n_shared,
        "n_specific": Choices((1, 2, 4), 1),
        "tower_widths": _TOWERS,
    }
