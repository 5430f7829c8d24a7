"""A network as a learner: recipe → build → train → predictor."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar

from polytask._learner import Learner
from polytask._naming import snake_case
from polytask._recipes import to_json
from polytask._validation import Constraint, InstanceOf, Optional, check_parameters, message
from polytask.architectures import Architecture, HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.exceptions import ParameterError
from polytask.predictor import FittedPredictor, NetworkModel
from polytask.training import Trainer

__all__ = ["MultiTaskNetwork"]


@dataclass(frozen=True)
class MultiTaskNetwork(Learner):
    """A network as a learner.

    Parameters
    ----------
    architecture : Architecture, default HardSharing()
    trainer : Trainer, default Trainer()
    label : str, optional
        Its name in tables; made of the architecture and its balancing when None.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.neural_network import MultiTaskNetwork
    >>> from polytask.training import Trainer
    >>> MultiTaskNetwork(HardSharing(), Trainer(aggregation="mgda")).name
    'hard_sharing+mgda'

    Balancing, the optimiser and all else about training are the trainer's:

    >>> MultiTaskNetwork(HardSharing(), Trainer(weighting="uncertainty_weighting")).name
    'hard_sharing+uncertainty_weighting'
    """

    architecture: Architecture = field(default_factory=HardSharing)
    trainer: Trainer = field(default_factory=Trainer)
    label: str | None = None

    resumes: ClassVar[bool] = True
    has_own_budget: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "architecture": InstanceOf((Architecture,)),
        "trainer": InstanceOf((Trainer,)),
        "label": Optional(InstanceOf((str,))),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def name(self) -> str:
        """What tables and command lines call it."""
        if self.label is not None:
            return self.label
        parts = (self.architecture, self.trainer.weighting, self.trainer.aggregation)
        return "+".join(snake_case(type(part).__name__) for part in parts if part is not None)

    @property
    def joint(self) -> bool:
        """Whether tasks share anything."""
        return self.architecture.shares

    def search_space(self) -> Mapping[str, tuple[object, ...]]:
        """Learning rate × weight decay, the recipe's own first."""
        rate, decay = self.trainer.learning_rate, self.trainer.weight_decay
        return {
            "learning_rate": (rate, rate * 3, rate / 3),
            "weight_decay": (decay, *(value for value in (1e-5, 1e-4) if value != decay)),
        }

    def configured(self, settings: Mapping[str, Any]) -> MultiTaskNetwork:
        """The same recipe with some of the trainer's settings replaced."""
        known = {f.name for f in fields(self.trainer)}
        for name in settings:
            if name not in known:
                expected = "names of the trainer's settings"
                raise ParameterError(message("MultiTaskNetwork", "settings", expected, name))
        return replace(self, trainer=replace(self.trainer, **settings))

    def single_task(self) -> MultiTaskNetwork:
        """The network that learns each task alone by the same means, without balancing."""
        if not self.joint:
            return self
        alone = self.architecture.single_task() or SingleTask()
        trainer = replace(
            self.trainer,
            weighting=None,
            aggregation=None,
            engine="auto",
            aggregate_every=1,
            task_patience=None,
        )
        return MultiTaskNetwork(alone, trainer)

    def fit(
        self,
        train: MultiTaskDataset,
        validation: MultiTaskDataset | None,
        seed: int = 0,
        budget: Budget | None = None,
        **options: Any,
    ) -> FittedPredictor:
        """Build and train; `options` go to `Trainer.fit` (checkpoint, progress, …).

        Warns before training if the trained network could not be saved.
        """
        _warn_unless_savable(self.architecture)
        trainer = self.trainer
        if budget is not None:
            trainer = replace(trainer, steps=budget.steps, epochs=None)
        trained = trainer.fit(self.architecture, train, validation, seed=seed, **options)
        schemas = dict(trained.schemas)
        model = NetworkModel(self.architecture, trained.network, train.tasks, schemas)
        return FittedPredictor(train.tasks, schemas, model, trained.history, self.name)


def _warn_unless_savable(architecture: Architecture) -> None:
    try:
        to_json(architecture)
    except ParameterError as error:
        sentence = f"This recipe can be trained, but the model cannot be saved: {error}"
        warnings.warn(sentence, UserWarning, stacklevel=3)
