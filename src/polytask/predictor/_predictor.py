"""Fitted predictors: a model with everything needed to predict new rows."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from polytask._listing import first_names
from polytask._recipes import to_json
from polytask._trust import checked_trust
from polytask.bookkeeping import History
from polytask.data import Schema, Source, schema_to_json, unseen_notes
from polytask.exceptions import UnservedNeedError
from polytask.predictor._fitted_targets import fitted_targets
from polytask.predictor._forward_cost import ForwardCost
from polytask.predictor._model import Model
from polytask.predictor._predictions import Predictions
from polytask.predictor._preference import check_takes_preference, normalised_preference
from polytask.predictor._save_model import only_in_script, save_model
from polytask.predictor._schemas_at_thresholds import schemas_at_thresholds
from polytask.predictor._scorer import Scorer, rows_without_task
from polytask.predictor._sources_to_predict import sources_to_predict
from polytask.predictor._task_prediction import TaskPrediction
from polytask.tasks import (
    TaskRelation,
    TaskSet,
    thresholds_of,
)

__all__ = ["FittedPredictor"]

_PACKAGES = ("polytask", "numpy", "scikit-learn", "torch")


@dataclass(frozen=True, eq=False)
class FittedPredictor:
    """A fitted model, the tasks that it predicts, and the schemas that encode its inputs.

    Parameters
    ----------
    tasks : TaskSet
    schemas : mapping of source name to Schema
    model : Model
    history : History, optional
        Record of the training.
    name : str
        Name in tables.
    folder : Path, optional
        Folder from which it was loaded.
    notes : tuple of str
        Remarks of loading.

    Examples
    --------
    >>> import polytask
    >>> from polytask.datasets import make_related_regression
    >>> data, _ = make_related_regression(n_tasks=2, seed=0)
    >>> predictor = polytask.fit(data, "linear")
    >>> predictor
    FittedPredictor('linear', tasks: task_0, task_1; 42 parameters)
    >>> predictions = predictor.predict(data)
    >>> sorted(predictions) == sorted(predictor.tasks.names)
    True
    """

    tasks: TaskSet
    schemas: Mapping[str, Schema]
    model: Model
    history: History | None = None
    name: str = ""
    folder: Path | None = None
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        names = first_names(self.tasks.names, 6)
        return f"FittedPredictor({self.name!r}, tasks: {names}; {self.n_parameters:,} parameters)"

    @property
    def n_parameters(self) -> int:
        """Number of learned values."""
        return self.model.n_parameters

    def forward_cost(self, sources: Sequence[Source], most_rows: int = 256) -> ForwardCost | None:
        """Operations and time of predicting rows; None for models that are no networks.

        Parameters
        ----------
        sources : sequence of Source
            Whose first rows are predicted; their labels are not read.
        most_rows : int, default 256
            Of each source.
        """
        first = [
            replace(source.take(np.arange(min(source.n_rows, most_rows))), labels=None)
            for source in sources
            if source.n_rows
        ]
        return self.model.forward_cost(first)

    @property
    def thresholds(self) -> Mapping[str, tuple[float, ...]]:
        """Thresholds of decisions by task, one per target column; of tasks that have some."""
        targets = fitted_targets(self.tasks, self.schemas)
        return {name: given for name in targets if (given := thresholds_of(targets[name]))}

    def at_thresholds(self, thresholds: Mapping[str, float | Sequence[float]]) -> FittedPredictor:
        """The same model, deciding for events above these probabilities.

        Parameters
        ----------
        thresholds : mapping of task to float in (0, 1), or to a sequence of one per target column
            Other tasks keep theirs.

        Raises
        ------
        ParameterError
            If a task is unknown, decisions of its kind have no threshold, or there is no number in
            (0, 1) for each of its columns.

        Examples
        --------
        >>> import polytask
        >>> table = {"age": range(40), "ill": [age > 25 for age in range(40)]}
        >>> model = polytask.fit(polytask.read(table, ["ill"]), "linear")
        >>> model.at_thresholds({"ill": 0.9}).thresholds
        {'ill': (0.9,)}
        """
        schemas = schemas_at_thresholds(self.tasks, self.schemas, thresholds)
        return replace(self, schemas=schemas)

    def relations(self) -> Mapping[str, TaskRelation]:
        """What was learned of how tasks are related, by layer.

        Returns
        -------
        mapping of layer to TaskRelation
            Such as ``"stage 1, weight"``, ``"heads, weight"`` or ``"unit after stage 1"``, each with
            the names of its tasks. A stage of several coupled layers has their positions too:
            ``"stage 2, block.1.weight"``.

        Raises
        ------
        UnservedNeedError
            If the model learns no relations.

        Examples
        --------
        >>> import polytask
        >>> from polytask.architectures import CrossStitch
        >>> from polytask.bookkeeping import Budget
        >>> from polytask.datasets import make_related_regression
        >>> from polytask.encoders import MLP
        >>> data, _ = make_related_regression(n_tasks=2, seed=0)
        >>> fitted = polytask.fit(data, CrossStitch(MLP((4,))), budget=Budget(steps=5))
        >>> fitted.relations()
        {'unit after stage 1': TaskRelation('mixing', tasks: task_0, task_1)}
        """
        relations = self.model.relations()
        if not relations:
            sentence = (
                f"{self.name or 'This model'} learns no relations of tasks. soft_sharing with the "
                "penalty task_covariance, relation_graph or multilinear_relationship does, and so do "
                "cross_stitch and sluice."
            )
            raise UnservedNeedError(sentence)
        return relations

    def predict(
        self,
        data: Any,
        *,
        tasks: Iterable[str] | str | None = None,
        preference: Mapping[str, float] | None = None,
    ) -> Predictions:
        """Predict every task, or those named, for new rows.

        Parameters
        ----------
        data : table, MultiTaskDataset, or mapping of source name to table
            A table is any polars, pandas or pyarrow frame, a mapping of columns, or a 2-D array.
            Columns that the model does not need (targets among them) are ignored; where each row
            belongs to one task, the task column is needed, unless the model has a router for rows
            without it (`polytask.architectures.Routed`). A mapping of source names is for models
            of several sources, and may leave some out.
        tasks : iterable of str, optional
            Names of the only tasks to predict, by default all. Where each row belongs to one task,
            rows of other tasks are left out; rows that name none, or all without the task column,
            are predicted for each of these tasks.
        preference : mapping of task to float, optional
            How much every task counts, such as ``{"income": 0.7, "married": 0.3}``; scaled to
            sum to 1. For networks conditioned on it, such as `polytask.architectures.COSMOS`,
            which count all tasks equally by default.

        Returns
        -------
        Predictions
            Of the tasks in the given sources. `row_ids` are positions in the table; where
            a task lies in several sources, their rows follow one another. Rows that name no task
            are predicted for every task; if the model has a router for them, `routed` has the
            likeliest task of each, its answer and the probability of all.

        Raises
        ------
        DataError
            If there are no rows, an input column is absent or changed its type, or a row belongs
            to a task that the model does not know; or if the given sources do not carry a named
            task.
        ParameterError
            If `tasks` is empty, names a task twice or, as an UnknownNameError, one that the model
            does not have; if the model takes no preference, or one is negative, missing or
            not finite, or all are 0.
        BundleError
            If the model was loaded, and fails or answers with NaN on rows that its schema accepts.
        """
        if preference is not None:
            check_takes_preference(self.model.takes_preference)
            model = self.model.at(normalised_preference(preference, self.tasks))
            return replace(self, model=model).predict(data, tasks=tasks)
        targets = fitted_targets(self.tasks, self.schemas)
        routed_sources = self.model.routed_sources
        sources = sources_to_predict(data, self.schemas, self.tasks, tasks, routed_sources)
        scorer = Scorer(self.tasks, self.schemas, self.model, self.folder)
        answers = scorer.answers(sources, targets)
        answered = self.tasks.subset(answers)
        by_task = {
            task.name: TaskPrediction.from_raw(
                answers[task.name].raw,
                answers[task.name].row_ids,
                answers[task.name].counts,
                task.known_kind,
                targets[task.name],
            )
            for task in answered
        }
        for task, prediction in by_task.items():
            scorer.check_numbers(f"task {task!r}", prediction.raw, prediction.row_ids)
        notes, routed = self._notes(sources), None
        unnamed = [own for own in map(rows_without_task, sources) if own.n_rows]
        if to_route := [own for own in unnamed if own.name in routed_sources]:
            routed = scorer.routed(to_route, by_task, answers)
            notes += (_routed_note(len(routed.row_ids)),)
        return Predictions(answered, by_task, notes, routed)

    def _notes(self, sources: Sequence[Source]) -> tuple[str, ...]:
        """Notes on categories that fitting did not see, per source."""
        unseen = {
            source.name: unseen_notes(source.inputs, [self.schemas[source.name]])
            for source in sources
        }
        owner = "{}: " if len(sources) > 1 else ""
        return tuple(owner.format(name) + note for name, notes in unseen.items() for note in notes)

    def save(self, folder: str | Path, trusted: str | Collection[str] = ()) -> None:
        """Write the model into a folder, completely or not at all; `polytask.load` reads it.

        Parameters
        ----------
        folder : str or Path
            Created if needed; a model that was saved there before is replaced.
        trusted : collection of str, optional
            Packages, modules or names in them whose objects estimators may hold besides
            scikit-learn's, such as ``["my_package"]``; `polytask.load` needs the same.

        Raises
        ------
        BundleError
            If the folder holds anything else, or the model holds something that cannot be read
            back without pickle, or only by trusting more.

        Warns
        -----
        UserWarning
            If the model names code of the script or notebook that runs, which exists nowhere else.
        """
        content = {
            "polytask": version("polytask"),
            "versions": {package: version(package) for package in _packages(self.schemas)},
            "name": self.name,
            "tasks": to_json(self.tasks.tasks),
            "schemas": {name: schema_to_json(schema) for name, schema in self.schemas.items()},
            "history": None if self.history is None else to_json(self.history.to_dict()),
        }
        scripted = save_model(Path(folder), self.model, content, checked_trust(trusted, "save"))
        if scripted:
            warnings.warn(only_in_script(scripted), UserWarning, stacklevel=2)


def _packages(schemas: Mapping[str, Schema]) -> tuple[str, ...]:
    """Packages whose versions are kept: transformers, too, of a model that it runs."""
    in_pieces = any(part.has_pieces for schema in schemas.values() for part in schema.parts)
    return (*_PACKAGES, *(("transformers",) if in_pieces else ()))


def _routed_note(n_rows: int) -> str:
    which = "1 row names no task and is" if n_rows == 1 else f"{n_rows:,} rows name no task and are"
    return f"{which} answered by the task that the model's router finds likeliest"
