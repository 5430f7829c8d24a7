"""Names of networks that differ in their settings only."""

from __future__ import annotations

from collections.abc import Sequence

from polytask._learner import Learner
from polytask._paths import differing, setting_text
from polytask.neural_network import MultiTaskNetwork

__all__ = ["with_distinct_names"]


def with_distinct_names(learners: Sequence[Learner]) -> list[Learner]:
    """Give networks of one name, which nobody named, the settings in which they differ.

    Examples
    --------
    >>> from polytask.architectures import MMoE
    >>> from polytask.learners._labelled import with_distinct_names
    >>> from polytask.neural_network import MultiTaskNetwork
    >>> networks = [MultiTaskNetwork(MMoE(n_experts=n)) for n in (4, 16)]
    >>> [network.name for network in with_distinct_names(networks)]
    ['mmoe(n_experts=4)', 'mmoe(n_experts=16)']
    """
    groups: dict[str, list[int]] = {}
    for position, learner in enumerate(learners):
        if isinstance(learner, MultiTaskNetwork) and learner.label is None:
            groups.setdefault(learner.name, []).append(position)
    named = list(learners)
    for positions in groups.values():
        alike = [learners[position] for position in positions]
        for position, settings in zip(positions, differing(alike), strict=True):
            if settings:
                named[position] = learners[position].with_detail(_detail(settings))
    return named


def _detail(settings: dict[str, object]) -> str:
    return ", ".join(f"{path}={setting_text(v)}" for path, v in settings.items())
