"""Learner of networks: recipe → build → train → predictor."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from polytask._learner import Learner
from polytask._listing import enumerated
from polytask._naming import plus_parts, snake_case
from polytask._paths import Setting, assignments, find, name_and_settings, settings_of
from polytask._recipes import to_json
from polytask._validation import Constraint, InstanceOf, Optional, check_parameters, describe
from polytask.architectures import Architecture, HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.neural_network._contradicted_order import contradicted_order
from polytask.neural_network._planned_network import plan_network, size_note
from polytask.neural_network._suited_trainer import (
    following_trainer,
    suited_trainer,
    training_note,
)
from polytask.observers import Observer
from polytask.predictor import FittedPredictor, NetworkModel
from polytask.sampling._epoch_batches import steps_per_epoch
from polytask.training import Trainer
from polytask.training._batch_size import batch_size_note

__all__ = ["MultiTaskNetwork", "warn_unless_savable", "without_sharing"]

_WITHOUT_BALANCING: dict[str, Any] = {
    "weighting": None,
    "aggregation": None,
    "sampler": None,
    "engine": "auto",
    "aggregate_every": 1,
    "task_patience": None,
}
"""Settings of the trainer without effect if tasks share nothing, at their defaults."""

_MOST_LETTERS = 40

_OF_JOINT = {*_WITHOUT_BALANCING, "observers"}
"""Settings that are listed only if tasks share something; most observers compare tasks."""


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
        word = self.architecture.encoder_name
        first, *words = plus_parts(base or self.name)
        unnamed, pairs = assignments(detail)
        network: Any = self
        place = _place(words, word)
        if place is None or unnamed:
            network = super().with_detail(detail, base)
            return network
        inside = {path: name for path, _ in pairs if (name := self._in_encoder(path))}
        inner = ", ".join(f"{inside[path]}={text}" for path, text in pairs if path in inside)
        outer = ", ".join(f"{path}={text}" for path, text in pairs if path not in inside)
        if inner:
            named, known = name_and_settings(words[place])
            words[place] = f"{named}({', '.join(filter(None, (known, inner)))})"
        name = "+".join([first, *words])
        if outer:
            network = super().with_detail(outer, name)
            return network
        return replace(self, label=name)

    def _in_encoder(self, path: str) -> str:
        """The path of a setting in the encoder; empty if it lies elsewhere."""
        full = find(self.settings(), path, self.name).path
        start, _, name = full.partition(".encoder.")
        return name if start.split(".")[0] == "architecture" else ""

    def settings(self) -> Sequence[Setting]:
        """All settings; those of balancing and observers are left out if tasks share nothing."""
        return [
            setting
            for setting in settings_of(self)
            if self.joint or not _is_about_sharing(setting.path)
        ]

    def configured(self, settings: Mapping[str, object]) -> MultiTaskNetwork:
        """The same recipe with some settings replaced.

        With another encoder it is trained as that one suits, but for settings of the trainer that
        are given or are not as they suited the encoder before. A label that holds a setting, or the
        name of the encoder, holds the new one.
        """
        chosen: Any = super().configured(settings)
        if self.label is not None and chosen.label == self.label:
            chosen = replace(chosen, label=self._relabelled(self.label, chosen))
        old, new = self.architecture, chosen.architecture
        if old.training == new.training:
            return chosen
        known = chosen.settings()
        paths = [find(known, path, chosen.name).path for path in settings]
        if "trainer" in paths:
            return chosen
        given = {path.split(".")[1] for path in paths if path.startswith("trainer.")}
        return replace(chosen, trainer=following_trainer(chosen.trainer, old, new, given))

    def _relabelled(self, label: str, chosen: MultiTaskNetwork) -> str:
        """A label with the encoder of another recipe and its values of settings."""
        first, *words = plus_parts(label)
        before, after = self.architecture.encoder_name, chosen.architecture.encoder_name
        place = _place(words, before)
        if place is not None and before != after:
            words[place : place + 1] = [after] if after else []
        elif place is not None:
            words[place] = self._rewritten(words[place], chosen, "encoder.")
        return "+".join([self._rewritten(first, chosen, ""), *words])

    def _rewritten(self, part: str, chosen: MultiTaskNetwork, start: str) -> str:
        """A part of the label with the other recipe's values of the settings in its brackets."""
        name, inner = name_and_settings(part)
        unnamed, pairs = assignments(inner)
        if unnamed or not pairs:
            return part
        texts = []
        for path, text in pairs:
            try:
                old = find(self.settings(), f"{start}{path}", self.name).value
            except ParameterError:  # a name that somebody gave may hold anything
                return part
            try:
                new = find(chosen.settings(), f"{start}{path}", self.name).value
            except UnknownNameError:  # of a part that was replaced by another
                continue
            texts.append(f"{path}={text if repr(new) == repr(old) else _text(new)}")
        return f"{name}({', '.join(texts)})" if texts else name

    def refuses(self, data: MultiTaskDataset) -> str | None:
        """What the architecture says of the tasks, or what building its network raises."""
        reason = self.architecture.refuses(data.tasks)
        return reason or plan_network(self.architecture, data).refusal

    def notes(self, data: MultiTaskDataset) -> Sequence[str]:
        """What it decides, labels against its order, observers left out, training, a large size."""
        against = contradicted_order(self.architecture, data)
        further = (
            self._unobserved(data),
            training_note(self.architecture, self.trainer),
            size_note(self.architecture, data),
            self._batch_note(data),
        )
        return (
            *self.architecture.notes(data.tasks),
            *against,
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
        word, own = alone.architecture.encoder_name, plus_parts(self.label or "")[1:]
        first, *words = plus_parts(alone.name)
        ours, theirs = _place(own, word), _place(words, word)
        if ours is None or theirs is None or own[ours] == words[theirs]:
            return alone
        words[theirs] = own[ours]
        return replace(alone, label="+".join([first, *words]))

    def twin(self) -> MultiTaskNetwork | None:
        """A network of the same architecture per task, trained as in `single_task`."""
        alone = self.architecture.twin()
        if alone is None:
            return None
        label = None if self.label is None else f"separate({self.label})"
        return replace(self._alone(alone), label=label)

    def _alone(self, architecture: Architecture) -> MultiTaskNetwork:
        return MultiTaskNetwork(architecture, without_sharing(self.trainer))

    def _unserved_observers(self, data: MultiTaskDataset) -> list[Observer]:
        """Observers that compare tasks at shared parameters, where there are none."""
        observers: Any = self.trainer.observers
        comparing = [observer for observer in observers if observer.needs_sharing]
        shares = not comparing or plan_network(self.architecture, data).shares
        return comparing if shares is False else []

    def _trainer_for(self, data: MultiTaskDataset, budget: Budget | None) -> Trainer:
        """The trainer with at most the steps of a budget, and the observers that can be served."""
        trainer = self.trainer
        if unserved := self._unserved_observers(data):
            kept = tuple(o for o in trainer.observers if o not in unserved)
            trainer = replace(trainer, observers=kept)
        if budget is None:
            return trainer
        steps = budget.steps
        if trainer.epochs is not None:
            n_rows = sum(source.n_rows for source in data.sources)
            own = trainer.optimizer_steps(steps_per_epoch(n_rows, trainer.rows_per_batch(n_rows)))
            steps = min(steps, own)
        return replace(trainer, steps=steps, epochs=None)

    def _unobserved(self, data: MultiTaskDataset) -> str | None:
        unserved = [observer.name for observer in self._unserved_observers(data)]
        if not unserved:
            return None
        are = "is" if len(unserved) == 1 else "are"
        return (
            f"Tasks of {self.name} share no parameters at which their gradients could be compared, so "
            f"that {enumerated(unserved)} {are} left out."
        )

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


def _place(words: Sequence[str], word: str | None) -> int | None:
    """Where a name stands among words, with settings in brackets or without."""
    names = [name_and_settings(written)[0] for written in words]
    return names.index(word) if word in names else None


def _text(value: object) -> str:
    """A value as it is written in a name, ``64,64``."""
    plain = isinstance(value, tuple) and all(isinstance(part, (int, float, str)) for part in value)
    return ",".join(map(str, value)) if plain else describe(value, _MOST_LETTERS)  # type: ignore[call-overload]


def without_sharing(trainer: Trainer) -> Trainer:
    """The same trainer without balancing and without observers that compare tasks."""
    kept = tuple(o for o in trainer.observers if not o.needs_sharing)  # type: ignore[union-attr] # names were resolved
    return replace(trainer, **_WITHOUT_BALANCING, observers=kept)


def _is_about_sharing(path: str) -> bool:
    """Whether a setting belongs to balancing or to observers."""
    root, _, name = path.partition(".")
    return root == "trainer" and name.partition(".")[0] in _OF_JOINT


def warn_unless_savable(architecture: Architecture) -> None:
    """Warn if the network of a recipe could not be saved."""
    try:
        to_json(architecture)
    except ParameterError as error:
        sentence = f"This recipe can be trained, but the model cannot be saved: {error}"
        warnings.warn(sentence, UserWarning, stacklevel=3)
