"""Arguments that every analysis checks before it trains."""

from __future__ import annotations

from typing import Any

from polytask._validation import InstanceOf, Optional, check, message
from polytask.architectures import Architecture
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.exceptions import ParameterError
from polytask.learners import resolve_learner, unserved
from polytask.neural_network import MultiTaskNetwork

__all__ = ["checked_network"]

_OWNER = "polytask.analysis"


def checked_network(data: object, learner: object, budget: object) -> MultiTaskNetwork:
    """The network that a learner means, for data of at least two tasks.

    Raises
    ------
    ParameterError
        If there is one task only, or the learner is no network whose tasks share anything, or trains
        in a way of its own, or cannot learn the tasks.
    """
    check(_OWNER, "data", data, InstanceOf((MultiTaskDataset,)), "Make one with polytask.read.")
    check(_OWNER, "budget", budget, Optional(InstanceOf((Budget,))))
    tasks: Any = data.tasks  # type: ignore[attr-defined] # was checked
    if len(tasks) < 2:
        sentence = (
            f"Groups take at least two tasks, and the data has one, {tasks.names[0]!r}. Name further "
            "targets."
        )
        raise ParameterError(sentence)
    network: Any = resolve_learner(learner, tasks=tasks) if isinstance(learner, str) else learner
    if isinstance(network, Architecture):
        network = MultiTaskNetwork(network)
    if not isinstance(network, MultiTaskNetwork) or not network.joint:
        expected = "a network whose tasks share something, such as 'hard_sharing'"
        remedy = "Only such a network can train some tasks together and others apart."
        raise ParameterError(message(_OWNER, "learner", expected, learner, remedy))
    if type(network).fit is not MultiTaskNetwork.fit:  # would be trained as its plain architecture
        expected = "a network that is trained as it is, such as 'hard_sharing'"
        remedy = (
            f"{network.name} has a search or a way of training of its own; name its architecture here, "
            "or hold it against others by `compare`."
        )
        raise ParameterError(message(_OWNER, "learner", expected, network.name, remedy))
    reason = unserved(network, data)  # type: ignore[arg-type] # was checked
    if reason is not None:
        raise ParameterError(reason)
    return network
