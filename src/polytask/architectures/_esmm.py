"""Probabilities over the whole space of rows, for tasks that follow one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polytask.architectures._cascade import (
    CascadeNetwork,
    cascade_notes,
    cascade_of,
    cascade_refusal,
)
from polytask.architectures._dependencies import ancestors_of
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.architectures._task_order import nested_steps
from polytask.data import Schema
from polytask.encoders import Encoder
from polytask.exceptions import ParameterError
from polytask.tasks import TaskSet

__all__ = ["ESMM"]


@dataclass(frozen=True)
class ESMM(EncoderArchitecture):
    r"""The entire-space model: a task that follows others answers with the joint probability.

    .. math:: P(\mathrm{buy} \mid x) = P(\mathrm{click} \mid x)\,
        P(\mathrm{buy} \mid \mathrm{click}, x)

    with ``Task("buy", after="click")``. Each factor is a tower of the encoder's stages and a head;
    the entry, with its embeddings, is shared. Only the product is trained, on all labelled rows and
    not on those with a click alone; there a row without a click should hold a label, 0. A task that
    follows several, directly or through others, has one factor for each of them. A number that
    follows binary tasks, such as what was spent, is answered with probability times amount in
    the user's units.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Its entry is shared, and every task has its stages to itself.
    initializer : str, optional
        As in `HardSharing`.

    Raises
    ------
    ParameterError
        From `build`, for what `refuses` names: a task that feeds another and is not binary, or one that
        comes after others and is neither binary, multilabel nor regression.

    Notes
    -----
    If no task names another in `after` and all are binary, each is a step within the one before it
    in the order given; of other kinds, the tasks share the entry alone. A note says so.

    The raw score is the logit of the product, computed from the logits of the factors without
    leaving them, so that it is finite and exact for improbable events; the loss is that of the
    task's kind. The paper multiplies probabilities.

    In a source that does not label an upstream task, its tower reads that source's rows all the
    same: the entries of all sources meet in one width. Where each row has one task, towers of tasks
    that feed others see all rows, since a row of buy needs the probability of its click; batch norm
    counts all of them, in training and in its running statistics alike.

    References
    ----------
    Ma et al., "Entire space multi-task model: an effective approach for estimating post-click
    conversion rate", SIGIR 2018.

    Examples
    --------
    >>> from polytask import Task, TaskSet
    >>> from polytask.architectures import ESMM
    >>> tasks = TaskSet([Task("visits", "regression"), Task("buy", "binary", after="visits")])
    >>> print(ESMM().refuses(tasks))
    The tasks that feed others in ESMM must be binary. Task 'buy' comes after 'visits', which is regression. Leave 'visits' out of its `after`, or choose AITM or Hierarchical.
    """

    def refuses(self, tasks: TaskSet) -> str | None:
        """Reason why the product of probabilities is not defined; None if it is."""
        return cascade_refusal("ESMM", tasks)

    def notes(self, tasks: TaskSet) -> Sequence[str]:
        """Which order of the tasks is assumed, if none is stated."""
        return cascade_notes("ESMM", tasks)

    def nested(self, tasks: TaskSet) -> Sequence[tuple[str, str]]:
        """Binary tasks and those before them."""
        steps = cascade_of(tasks)
        return nested_steps(steps, ancestors_of(steps))

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the network."""
        refusal = self.refuses(tasks)
        if refusal is not None:
            raise ParameterError(refusal)
        return CascadeNetwork("ESMM", encoder, schemas, cascade_of(tasks))
