"""Common check of learners."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from polytask._recipes import names_in, to_json
from polytask._trust import checked_trust
from polytask._untrusted import packages_of
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Source, Split
from polytask.exceptions import DataError, PolytaskError
from polytask.learners import Learner
from polytask.predictor import FittedPredictor, Predictions, load, models_loaded
from polytask.ranges import SearchRange
from polytask.testing._check_recipe import check_recipe_round_trip
from polytask.testing._invariances import check_row_weights, check_units
from polytask.testing._require import (
    require,
    require_close,
    require_datasets,
    require_finite,
    require_instance,
    require_same,
)
from polytask.testing._tiny_dataset import tiny_dataset

__all__ = ["check_learner"]


def check_learner(
    learner: Learner,
    datasets: Iterable[MultiTaskDataset] | None = None,
    *,
    budget: Budget | None = None,
    trusted: str | Collection[str] = (),
) -> None:
    """Check that a learner keeps the promises of `polytask.learners.Learner`.

    Parameters
    ----------
    learner : Learner
    datasets : iterable of MultiTaskDataset, optional
        What to learn. By default one table with all kinds of targets, one of regressions, one
        whose rows belong to single tasks and one with a table for each task, each with missing
        labels; those that the learner does not serve are passed over.
    budget : Budget, optional
        20 steps by default.
    trusted : collection of str, optional
        Packages whose code a saved model may name, as in `polytask.load`. The learner's own and
        classes of models need no mention.

    Raises
    ------
    AssertionError
        If fitting changes its inputs or depends on more than them and the seed (or on the seed, where
        `uses_seed` says that it does not), predictions
        have a wrong shape or are in wrong units, need target columns or depend on the order of
        rows, a saved model predicts something else, or the units of targets, a factor on all row
        weights or rows of weight 0 change predictions. `MultiTaskDataset.without_zero_weights` and
        `unit_weights` see to the last two.

    Examples
    --------
    >>> from polytask.learners import Linear
    >>> from polytask.testing import check_learner
    >>> check_learner(Linear())
    """
    also = checked_trust(trusted, "check_learner")
    require_instance("check_learner", "learner", learner, Learner)
    require_datasets("check_learner", datasets, MultiTaskDataset)
    check_recipe_round_trip(learner)
    _check_attributes(learner)
    _check_settings(learner)
    budget = Budget(steps=20) if budget is None else budget
    served = 0
    for what, data in (
        _forms()
        if datasets is None
        else ((f"data set {i}", given) for i, given in enumerate(datasets))
    ):
        if learner.serves(data.tasks) and learner.refuses(data) is None:
            case = f"{learner.name} on {what}"
            predictions = _check_fit(case, learner, data, budget, also)
            if not served:  # the first will do, since these take many fits
                check_units(case, learner, _parts(data), budget, predictions)
                check_row_weights(case, learner, _parts(data), budget)
            served += 1
    require(served, f"{learner.name} serves none of the data sets; give it `datasets=`.")


def _forms() -> Iterator[tuple[str, MultiTaskDataset]]:
    yield "one table", tiny_dataset(["regression", "binary", "multiclass", "multilabel"])
    yield "regressions", tiny_dataset(["regression"] * 2)
    yield "own rows", tiny_dataset(["regression"] * 3, own_rows=True, n_rows=90)
    yield "own tables", tiny_dataset(["regression", "binary"], own_tables=True)


def _check_attributes(learner: Learner) -> None:
    name, owner = learner.name, type(learner).__name__
    require(isinstance(name, str) and name, f"{owner} has no name. Got {name!r}.")
    for attribute in ("joint", "reference", "resumes", "has_own_budget"):
        value = getattr(learner, attribute)
        require(isinstance(value, bool), f"`{attribute}` of {owner} must be a bool. Got {value!r}.")
    takes = inspect.signature(learner.fit).parameters
    known = "checkpoint" in takes or any(p.kind is p.VAR_KEYWORD for p in takes.values())
    sentence = f"{owner} declares that it resumes, but its `fit` takes no `checkpoint`."
    require(known or not learner.resumes, sentence)
    alone = learner.single_task()
    sentence = f"`single_task` of {owner} must give a learner that shares nothing, or None."
    require(alone is None or (isinstance(alone, Learner) and not alone.joint), sentence)


def _check_settings(learner: Learner) -> None:
    try:
        space = learner.search_space()
    except PolytaskError as error:
        raise AssertionError(f"{learner.name}: {error}") from error
    values: dict[str, list[Any]] = {}
    for setting, declared in space.items():
        sentence = (
            f"{learner.name}: the setting {setting!r} must be declared as a Range or Choices."
        )
        require(isinstance(declared, SearchRange), sentence)
        values[setting] = [*declared.grid(), *declared.examples()]
    for position in range(max(map(len, values.values()), default=0)):
        _check_values(
            learner, {name: own[position] for name, own in values.items() if position < len(own)}
        )
    same = learner.configured({setting: declared.default for setting, declared in space.items()})
    require(same.name == learner.name, f"{learner.name}: with its defaults it is {same.name!r}.")
    sentence = f"{learner.name}: the defaults of its search space are not its own settings."
    require(to_json(same) == to_json(learner), sentence)
    strange = [path for path in learner.tuned or () if path not in space]
    require(not strange, f"{learner.name}: {strange} in `tuned` are not in its search space.")


def _check_values(learner: Learner, values: Mapping[str, Any]) -> None:
    """Values of all settings are accepted: at once, or each alone where they exclude each other."""
    try:
        configured = learner.configured(values)
    except PolytaskError:
        for setting, value in values.items():
            _check_setting(learner, setting, value)
    else:
        check_recipe_round_trip(configured)


def _check_setting(learner: Learner, setting: str, value: object) -> None:
    try:
        configured = learner.configured({setting: value})
    except PolytaskError as error:
        sentence = f"{learner.name}: {setting!r} declares {value!r}, which is refused: {error}"
        raise AssertionError(sentence) from error
    check_recipe_round_trip(configured)


def _check_fit(
    what: str,
    learner: Learner,
    data: MultiTaskDataset,
    budget: Budget,
    trusted: Collection[str],
) -> Predictions:
    """Check one fit; returns its predictions of the training rows."""
    train, validation = _parts(data)
    before = train.digest(), validation.digest()
    drawn = _generators()
    try:
        fitted = learner.fit(train, validation, 0, budget)
    except DataError as error:
        raise AssertionError(f"{what}: serves these tasks, but refuses them: {error}") from error
    after = train.digest(), validation.digest()
    require(after == before, f"{what}: fitting changes the data.")
    require(_generators() == drawn, f"{what}: fitting draws from a global generator.")
    require(fitted.n_parameters > 0, f"{what}: no learned numbers.")
    predictions = fitted.predict(data)
    for source in data.sources:
        _check_predictions(what, source, predictions, fitted)
    again = learner.fit(train, validation, 0, budget).predict(data)
    _require_alike(f"{what}, fitted again with the same seed", again, predictions)
    if not learner.uses_seed(train):
        other = learner.fit(train, validation, 1, budget).predict(data)
        _require_alike(f"{what}, which says that it uses no seed, with another seed", other, again)
    _check_new_rows(what, fitted, data, predictions)
    _check_saved(what, learner, fitted, data, predictions, trusted)
    return fitted.predict(train)


def _generators() -> tuple[bytes, ...]:
    """State of the global generators of numpy and torch."""
    legacy: Any = np.random.get_state(legacy=False)  # noqa: NPY002 - the global one is meant
    numbers = legacy["state"]["key"].tobytes() + str(legacy["state"]["pos"]).encode()
    return numbers, torch.get_rng_state().numpy().tobytes()


def _parts(data: MultiTaskDataset) -> tuple[MultiTaskDataset, MultiTaskDataset]:
    """Every third row validates."""
    rows = {source.name: np.arange(source.n_rows) for source in data.sources}
    held_out = {name: index[index // 3 % 3 == 2] for name, index in rows.items()}
    kept = {name: index[index // 3 % 3 != 2] for name, index in rows.items()}
    train, validation, _ = Split(kept, held_out, {}, "thirds", 0).apply(data)
    return train, validation


def _check_predictions(
    what: str, source: Source, predictions: Predictions, fitted: FittedPredictor
) -> None:
    for task in source.tasks:
        where = f"{what}, {task.name}"
        require(task.name in list(predictions), f"{where}: no predictions.")
        answer, rows = predictions[task.name], source.rows_of(task.name)
        target = fitted.schemas[source.name].targets[task.name]
        require_same(answer.row_ids, source.row_ids[rows], f"{where}: other rows are predicted")
        shape = (len(rows), *task.known_kind.score_shape(target))
        require(answer.raw.shape == shape, f"{where}: raw scores {answer.raw.shape}, not {shape}.")
        require_finite(answer.raw, f"{where}: a raw score is not finite")
        response = task.known_kind.response(answer.raw, target)
        sentence = f"{where}: the response is not that of the raw scores"
        require_close(answer.response, response, sentence, relative=1e-5, absolute=1e-6)
        _check_units(where, source, task.name, answer.response, fitted)


def _check_units(
    where: str, source: Source, task: str, response: np.ndarray, fitted: FittedPredictor
) -> None:
    """Responses lie about as far from the truth as a constant does, not orders away."""
    kind, target = source.tasks[task].known_kind, fitted.schemas[source.name].targets[task]
    labels = source.labelled()
    truth = kind.truth(list(labels.columns(task).values()), target)
    mine = np.isin(source.rows_of(task), labels.rows(task))
    if truth.shape != response[mine].shape:
        return
    error = np.sqrt(np.nanmean((response[mine] - truth) ** 2))
    spread = np.sqrt(np.nanmean((truth - np.nanmean(truth)) ** 2))
    sentence = (
        f"{where}: errors of {error:.3g} where the truth varies by {spread:.3g}; wrong units?"
    )
    require(error <= 3 * spread, sentence)


def _check_new_rows(
    what: str, fitted: FittedPredictor, data: MultiTaskDataset, wanted: Predictions
) -> None:
    """Check predictions of plain tables without target columns, rows reversed."""
    tables = {source.name: _table(source)[::-1] for source in data.sources}
    given: Any = tables if len(tables) > 1 else next(iter(tables.values()))
    try:
        turned = fitted.predict(given)
    except PolytaskError as error:
        sentence = f"{what}: cannot predict a table without target columns: {error}"
        raise AssertionError(sentence) from error
    for name in wanted:
        sentence = f"{what}, {name}: a row's prediction depends on the rows around it"
        predictions = turned[name].response[::-1]
        require_close(predictions, wanted[name].response, sentence, relative=1e-4, absolute=1e-5)


def _table(source: Source) -> pl.DataFrame:
    if source.task_index is None or source.task_column is None:
        return source.inputs
    names = [source.tasks.names[position] for position in source.task_index]
    return source.inputs.with_columns(pl.Series(source.task_column, names))


def _check_saved(
    what: str,
    learner: Learner,
    fitted: FittedPredictor,
    data: MultiTaskDataset,
    wanted: Predictions,
    trusted: Collection[str],
) -> None:
    names = list(names_in(to_json([learner, *data.tasks])))
    known = (*trusted, *packages_of(names), *models_loaded(names))
    with tempfile.TemporaryDirectory() as folder:
        fitted.save(Path(folder) / "model", known)
        restored = load(Path(folder) / "model", known)
    _require_alike(f"{what}, saved and loaded", restored.predict(data), wanted)
    sentence = f"{what}: saved, its name is {restored.name!r} instead of {fitted.name!r}."
    require(restored.name == fitted.name, sentence)


def _require_alike(what: str, got: Predictions, wanted: Predictions) -> None:
    require(list(got) == list(wanted), f"{what}: predicts {list(got)}, not {list(wanted)}.")
    for name in wanted:
        sentence = f"{what}: other raw scores of {name}"
        require_same(got[name].raw, wanted[name].raw, sentence)
