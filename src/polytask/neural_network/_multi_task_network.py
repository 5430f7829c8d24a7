"""Learner of networks: recipe → build → train → predictor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from polytask._learner import FitRequest, Learner, OnFitted, raised_unless
from polytask._naming import snake_case
from polytask._paths import Setting, find, settings_of
from polytask._validation import Constraint, InstanceOf, Optional, check_parameters
from polytask.architectures import Architecture, HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.exceptions import PolytaskError
from polytask.neural_network._contradicted_order import contradicted_order
from polytask.neural_network._labels import (
    relabelled,
    with_detail_of_encoder,
    with_encoder_of,
)
from polytask.neural_network._learned_apart import learned_apart
from polytask.neural_network._planned_network import plan_network, size_note
from polytask.neural_network._population_fits import fit_population
from polytask.neural_network._population_shape import population_shape
from polytask.neural_network._savable import warn_unless_savable
from polytask.neural_network._suited_trainer import (
    following_trainer,
    suited_trainer,
    training_note,
)
from polytask.neural_network._without_sharing import (
    is_about_sharing,
    unobserved_note,
    unserved_observers,
    without_sharing,
)
from polytask.predictor import FittedPredictor, NetworkModel
from polytask.training import Trainer
from polytask.training._batch_size import batch_size_note

__all__ = ["MultiTaskNetwork"]


@dataclass(frozen=True)
class MultiTaskNetwork(Learner):
    """A learner that builds a network from its architecture and trains it.

    Parameters
    ----------
    architecture : Architecture, default HardSharing()
    trainer : Trainer, optional
        By default `Trainer` with the settings that suit the encoder (`Encoder.training`), which is
        ``Trainer()`` for most. One that is given is taken as it is.
    label : str, optional
        Name in tables; made of the architecture and its balancing when None.

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
    trainer: Trainer = None  # type: ignore[assignment] # replaced by one that suits the encoder
    label: str | None = None

    resumes: ClassVar[bool] = True
    has_own_budget: ClassVar[bool] = True
    named_by: ClassVar[str | None] = "architecture"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "architecture": InstanceOf((Architecture,)),
        "trainer": InstanceOf((Trainer,)),
        "label": Optional(InstanceOf((str,))),
    }

    def __post_init__(self) -> None:
        if self.trainer is None and isinstance(self.architecture, Architecture):
            object.__setattr__(self, "trainer", suited_trainer(self.architecture))
        check_parameters(self)

    @property
    def name(self) -> str:
        """Name in tables and on the command line."""
        return self._named(self.architecture.name)

    def _named(self, name: str) -> str:
        """A name with those of the balancing methods; the label, if there is one."""
        if self.label is not None:
            return self.label
        balancing = (self.trainer.weighting, self.trainer.aggregation)
        methods = [snake_case(type(method).__name__) for method in balancing if method is not None]
        return "+".join([name, *methods])

    @property
    def joint(self) -> bool:
        """Whether tasks share anything."""
        return self.architecture.shares

    @property
    def tuned(self) -> tuple[str, ...]:  # type: ignore[override] # by the encoder
        """Settings that a comparison tries: those that the encoder names, then the trainer's."""
        return (*self.architecture.tuned, "trainer.learning_rate", "trainer.weight_decay")

    @property
    def takes_preference(self) -> bool:
        """Whether the architecture does."""
        return self.architecture.takes_preference

    def with_detail(self, detail: str, base: str | None = None) -> MultiTaskNetwork:
        """The same recipe under a name that holds some of its settings.

        Those of an encoder that is named stand after its name, ``hard_sharing+tab_m(members=4)``.
        """
        found = with_detail_of_encoder(self, detail, base or self.name)
        network: Any = self
        if found is None:
            network = super().with_detail(detail, base)
            return network
        name, outer = found
        if outer:
            network = super().with_detail(outer, name)
            return network
        return replace(self, label=name)

    def settings(self) -> Sequence[Setting]:
        """All settings; those of balancing and observers are left out if tasks share nothing."""
        return [
            setting
            for setting in settings_of(self)
            if self.joint or not is_about_sharing(setting.path)
        ]

    def configured(self, settings: Mapping[str, object]) -> MultiTaskNetwork:
        """The same recipe with some settings replaced.

        With another encoder it is trained as that one suits, but for settings of the trainer that
        are given or are not as they suited the encoder before. A label that holds a setting, or the
        name of the encoder, holds the new one.
        """
        chosen: Any = super().configured(settings)
        if self.label is not None and chosen.label == self.label:
            chosen = replace(chosen, label=relabelled(self.label, self, chosen))
        old, new = self.architecture, chosen.architecture
        if old.training == new.training:
            return chosen
        known = chosen.settings()
        paths = [find(known, path, chosen.name).path for path in settings]
        if "trainer" in paths:
            return chosen
        given = {path.split(".")[1] for path in paths if path.startswith("trainer.")}
        return replace(chosen, trainer=following_trainer(chosen.trainer, old, new, given))

    def refuses(self, data: MultiTaskDataset) -> str | None:
        """What the architecture says of the tasks, or what building its network raises."""
        reason = self.architecture.refuses(data.tasks)
        return reason or plan_network(self.architecture, data).refusal

    def notes(self, data: MultiTaskDataset) -> Sequence[str]:
        """What it decides, labels against its order, weights of files, observers left out, training, size."""
        against = contradicted_order(self.architecture, data)
        further = (
            unobserved_note(self.name, self.architecture, self.trainer, data),
            training_note(self.architecture, self.trainer),
            size_note(self.architecture, data),
            self._batch_note(data),
        )
        return (
            *self.architecture.notes(data.tasks),
            *against,
            *plan_network(self.architecture, data).weights,
            *(note for note in further if note),
        )

    def _batch_note(self, data: MultiTaskDataset) -> str | None:
        if self.trainer.batch_size != "auto":
            return None
        return batch_size_note(sum(source.n_rows for source in data.sources))

    def single_task(self) -> MultiTaskNetwork:
        """The same network per task, without balancing and without observers that compare tasks.

        It has the encoder's settings in its name where this one has them.
        """
        if not self.joint:
            return self
        alone = self._alone(self.architecture.single_task() or SingleTask())
        name = with_encoder_of(self.label or "", alone.name, alone.architecture.encoder_name)
        return alone if name == alone.name else replace(alone, label=name)

    def twin(self) -> MultiTaskNetwork | None:
        """A network of the same architecture per task, trained as in `single_task`."""
        alone = self.architecture.twin()
        if alone is None:
            return None
        label = None if self.label is None else f"separate({self.label})"
        return replace(self._alone(alone), label=label)

    def _alone(self, architecture: Architecture) -> MultiTaskNetwork:
        return MultiTaskNetwork(architecture, without_sharing(self.trainer))

    def _trainer_for(self, data: MultiTaskDataset, budget: Budget | None) -> Trainer:
        """The trainer with at most the steps of a budget, and the observers that can be served."""
        trainer = self.trainer
        if unserved := unserved_observers(self.architecture, self.trainer, data):
            kept = tuple(o for o in trainer.observers if o not in unserved)
            trainer = replace(trainer, observers=kept)
        if budget is None:
            return trainer
        steps = budget.steps
        if trainer.epochs is not None:
            n_rows = sum(source.n_rows for source in data.sources)
            steps = min(steps, trainer.planned_steps(n_rows))
        return replace(trainer, steps=steps, epochs=None)

    def learns_apart(self, train: MultiTaskDataset) -> bool:
        """Of networks of single tasks, on one table in which every row has all labels."""
        if type(self) is not MultiTaskNetwork:
            return False
        return learned_apart(self.architecture, self.trainer, train)

    def shape(self, train: MultiTaskDataset) -> str | None:
        """The recipe but for learning rate, weight decay and dropout, where a population pays.

        None where networks cannot be stacked (`Trainer.stacking`), tasks share something and a training
        row has no label at all, or, on a CPU, a step of one network multiplies more than 8 million
        times, since stacking saves little of that.
        """
        if type(self) is not MultiTaskNetwork:
            return None
        return population_shape(self.architecture, self.trainer, train)

    def fit_many(
        self,
        requests: Sequence[FitRequest],
        train: MultiTaskDataset,
        validation: MultiTaskDataset,
        budget: Budget,
        *,
        checkpoint: Path | None = None,
        on_done: OnFitted | None = None,
        return_errors: bool = False,
    ) -> list[FittedPredictor | PolytaskError]:
        """Train networks of this one's shape by `Trainer.fit_many`.

        Their numbers are those of networks trained alone but for rounding, which depends on how many
        are trained together.
        """
        if type(self) is not MultiTaskNetwork:
            given: Any = {"checkpoint": checkpoint, "on_done": on_done}
            return super().fit_many(
                requests, train, validation, budget, return_errors=return_errors, **given
            )
        warn_unless_savable(self.architecture)
        trainer = self._trainer_for(train, budget)
        results = fit_population(trainer, requests, train, validation, checkpoint, on_done)
        return raised_unless(results, return_errors=return_errors)

    def fit(
        self,
        train: MultiTaskDataset,
        validation: MultiTaskDataset | None,
        seed: int = 0,
        budget: Budget | None = None,
        **options: Any,
    ) -> FittedPredictor:
        """Build and train; `options` go to `Trainer.fit` (checkpoint, progress, …).

        Observers that compare tasks are left out if tasks share no parameters. Warns before training
        if the trained network could not be saved.
        """
        warn_unless_savable(self.architecture)
        trainer = self._trainer_for(train, budget)
        trained = trainer.fit(self.architecture, train, validation, seed=seed, **options)
        schemas = dict(trained.schemas)
        model = NetworkModel(self.architecture, trained.network, train.tasks, schemas)
        return FittedPredictor(train.tasks, schemas, model, trained.history, self.name)
