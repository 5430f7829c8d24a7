"""The training regime of a network."""

from __future__ import annotations

from polytask.architectures import MultiTaskModule
from polytask.training._joint_regime import JointRegime
from polytask.training._regime import Regime
from polytask.training._task_regime import TaskRegime

__all__ = ["regime_of"]


def regime_of(network: MultiTaskModule) -> Regime:
    """How a network's tasks are trained; the one place that asks whether it is replicated."""
    return TaskRegime(network) if network.replicated else JointRegime(network)
