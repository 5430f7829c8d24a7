"""Observer of how an adaptive network shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from polytask.observers import Observer, View
from polytask.observers._rounded import rounded

__all__ = ["SHARING", "Sharing", "sharing_now"]

SHARING = "sharing"
"""Name under which `EpochRecord.observed` keeps what is known of sharing."""

_MOST_TASKS = 20


@dataclass(frozen=True)
class Sharing(Observer):
    """Groups, affinities and the ratio of sharing; of more than 20 tasks, groups and who is alone."""

    def observe(self, view: View) -> dict[str, Any]:
        """Read the state of the network."""
        return sharing_now(view.network, whole=len(view.tasks) <= _MOST_TASKS)


def sharing_now(network: Any, *, whole: bool) -> dict[str, Any]:
    """What an adaptive network knows of sharing, as plain values.

    Parameters
    ----------
    network : AdaptiveNetwork
    whole : bool
        Whether with the matrices, too.
    """
    state = network.state
    groups = {"groups": state.groups.tolist(), "alone": [int(a) for a in state.alone.tolist()]}
    if not whole:
        return groups
    affinity = state.affinity.clone()
    affinity.fill_diagonal_(torch.nan)
    ratio = torch.where(state.alone[:, None], 0.0, state.ratio)
    ratio.fill_diagonal_(torch.nan)
    return {
        "tasks": list(network.tasks.names),
        "ratio": rounded(ratio),
        "affinity": rounded(affinity),
        "gain": rounded(state.gain),
        **groups,
    }
