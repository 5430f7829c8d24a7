"""Learner of networks that are fine-tuned per task and merged into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from polytask._naming import made, snake_case
from polytask._validation import Constraint, InstanceOf, message
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.exceptions import ParameterError
from polytask.merging import Merging, WeightAveraging
from polytask.neural_network._merged_training import MergedTraining, unmergeable
from polytask.neural_network._multi_task_network import (
    MultiTaskNetwork,
)
from polytask.neural_network._planned_network import plan_network
from polytask.neural_network._savable import warn_unless_savable
from polytask.neural_network._without_sharing import without_sharing
from polytask.predictor import FittedPredictor, NetworkModel

__all__ = ["MergedNetwork"]


@dataclass(frozen=True)
class MergedNetwork(MultiTaskNetwork):
    """A learner that trains a joint network, fine-tunes a copy per task, and merges the copies.

    Half of the budget's steps train the architecture jointly, with the trainer's balancing. With the
    other half a copy of the whole network is fine-tuned for every task alone, side by side, each on
    batches of its own and stopped by its own validation loss. It trains what tasks share; what
    belongs to one task alone (its head) stays as in joint training. One step moves every copy once,
    as a step of `polytask.architectures.SingleTask` does every network, and is counted in the same
    way. Then what tasks share is merged. The result is one network of the architecture. Steps,
    seconds and parameters in the records are those of all stages and of the merged network.

    Parameters
    ----------
    architecture : Architecture, default HardSharing()
        One whose tasks share parameters.
    trainer : Trainer, optional
        Of both stages; balancing, samplers and observers that compare tasks only of the first.
        Schedules of the learning rate run once in each. By default as for `MultiTaskNetwork`.
    label : str, optional
        Name in tables; made of the method, the architecture and its balancing when None.
    merging : Merging or str, default WeightAveraging()
        The method, or its name. What it leaves open, such as a scale, is chosen by the primary
        tasks' mean relative gain on the validation rows. Coefficients that it learns come from rows
        held out of training in both stages, and its steps count in the second half.

    Notes
    -----
    Copies minimise the loss of their task and the network's own `penalty`; penalties of a batch,
    which compare tasks, are part of joint training only. Heads are not fine-tuned, as in the code of
    the authors of task arithmetic: those of different copies would not fit the merged network.

    Examples
    --------
    >>> from polytask.merging import TIES
    >>> from polytask.neural_network import MergedNetwork
    >>> MergedNetwork(merging=TIES(density=0.3)).name
    'ties'
    >>> from polytask.architectures import MMoE
    >>> MergedNetwork(MMoE(), merging="task_arithmetic").name
    'task_arithmetic(mmoe)'
    """

    merging: Merging | str = field(default_factory=WeightAveraging)

    by_name: ClassVar[tuple[str, ...]] = ("merging",)
    named_by: ClassVar[str | None] = "merging"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **MultiTaskNetwork.parameter_constraints,
        "merging": InstanceOf((Merging, str)),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.merging, str):
            method = made(self.merging, "polytask.merging", "merging", Merging, imports=True)
            object.__setattr__(self, "merging", method)
        if not self.architecture.shares or self.architecture.takes_preference:
            expected = "an Architecture whose tasks share parameters, without a preference"
            remedy = "There would be nothing to merge, or every preference's network to fine-tune."
            got = message("MergedNetwork", "architecture", expected, self.architecture, remedy)
            raise ParameterError(got)

    def refuses(self, data: MultiTaskDataset) -> str | None:
        """What the architecture says of the tasks, or that there would be nothing to merge."""
        reason = super().refuses(data)
        if reason is not None:
            return reason
        shares = plan_network(self.architecture, data).shares
        return None if shares is None else unmergeable(self.architecture, data.tasks, shares=shares)

    @property
    def budget_note(self) -> str:
        """The stages among which the budget is divided."""
        return (
            f"{self.name} trains jointly with half of its optimiser steps. With the others it "
            "fine-tunes a copy per task, all in one step, as steps of single_task are counted."
        )

    @property
    def name(self) -> str:
        """Name in tables and on the command line."""
        method = snake_case(type(self.merging).__name__)
        base, *encoder = self.architecture.name.split("+")
        start = method if base == HardSharing().name else f"{method}({base})"
        return self._named("+".join([start, *encoder]))

    def fit(
        self,
        train: MultiTaskDataset,
        validation: MultiTaskDataset | None,
        seed: int = 0,
        budget: Budget | None = None,
        **options: Any,
    ) -> FittedPredictor:
        """Train, fine-tune and merge; `options` go to `Trainer.fit` (checkpoint, progress, …).

        A stage that the checkpoint holds as finished is not repeated.
        """
        warn_unless_savable(self.architecture)
        processes = options.pop("processes", None)
        if processes is not None and processes.size > 1:
            sentence = (
                "Networks that are merged are trained by one process. Give `processes` of size 1, "
                "and train other seeds in the other processes."
            )
            raise ParameterError(sentence)
        trainer = self._trainer_for(train, budget)
        training = MergedTraining(
            self.architecture,
            trainer,
            without_sharing(trainer),
            self.merging,  # type: ignore[arg-type] # names were resolved
            train,
            validation,
            seed,
            options.pop("checkpoint", None),
            options,
        )
        network, schemas, history = training.run()
        model = NetworkModel(self.architecture, network, train.tasks, dict(schemas))
        return FittedPredictor(train.tasks, dict(schemas), model, history, self.name)
