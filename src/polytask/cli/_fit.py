"""`polytask fit`: one model, held-out rows, a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from polytask.bookkeeping import Budget
from polytask.cli._budget import budget
from polytask.cli._data import read_data
from polytask.cli._interrupt import ending_well
from polytask.cli._learners import balanced, balancing, named_learner
from polytask.cli._score_table import score_table
from polytask.cli._settings import FitSettings, settings
from polytask.cli._voice import Voice
from polytask.data import MultiTaskDataset, Splitter, learnable
from polytask.evaluation import evaluate
from polytask.exceptions import DataError
from polytask.learners import fit
from polytask.predictor import FittedPredictor, check_folder

__all__ = ["run"]

_FEW_ROWS = 100


def run(given: Mapping[str, Any]) -> None:
    """Fit one model, say how it does on held-out rows, and save it."""
    options = settings(FitSettings, given)
    voice = Voice(options.quiet)
    with ending_well(lambda: "no model was saved; the same command starts anew."):
        check_folder(options.out)
        methods = balancing(options)
        (learner,) = balanced([named_learner(options.model)], methods)
        data, splitter = read_data(options, voice)
        splitter = _holding_out(splitter)
        allowed = _allowed(options, data, splitter)
        train, validation = _parts(data, splitter, options.seed, voice)
        train, validation, left_out = learnable(train, validation)
        for note in left_out:
            voice.note(f"  {note}")
        voice.note(f"fitting {learner.name}")
        predictor = fit(
            train,
            learner,
            validation=validation,
            seed=options.seed,
            budget=allowed,
            device=options.device,
            precision=options.precision,
        )
        _say_how(predictor, voice)
        voice.result(score_table(predictor.tasks, evaluate(predictor, validation)))
        predictor.save(options.out)
        voice.result(f"model: {options.out}")


def _allowed(options: FitSettings, data: MultiTaskDataset, splitter: Splitter) -> Budget | None:
    """What was asked for; None leaves it to the model."""
    if options.steps is None and options.epochs is None:
        return None
    return budget(options, data, splitter, seed=options.seed)


def _parts(
    data: MultiTaskDataset, splitter: Splitter, seed: int, voice: Voice
) -> tuple[MultiTaskDataset, MultiTaskDataset]:
    """Training and validation rows."""
    split = splitter.splits(data, seed)[0]
    train, validation, test = split.apply(splitter.prepared(data))
    if validation.n_rows == 0:
        sentence = "The split leaves no validation rows, by which training stops and is judged."
        raise DataError(f"{sentence} Hold some out: --split random:0.2.")
    aside = f"; {test.n_rows:,} test rows are left alone" if test.n_rows else ""
    voice.note(f"{train.n_rows:,} training and {validation.n_rows:,} validation rows{aside}")
    if validation.n_rows < _FEW_ROWS:
        voice.note(f"  fewer than {_FEW_ROWS} validation rows: the scores may be luck")
    return train, validation


def _say_how(predictor: FittedPredictor, voice: Voice) -> None:
    history = predictor.history
    if history is not None and history.stopped:
        voice.note(f"  {history.stopped}")
    voice.note(f"{predictor.name}, {predictor.n_parameters:,} parameters, on validation rows:")


def _holding_out(splitter: Splitter) -> Splitter:
    """The same splitter whose test rows are validation rows instead, where shares are drawn."""
    recipe: Any = splitter
    if "test" not in {field.name for field in fields(recipe)}:
        return splitter
    return replace(recipe, test=0.0, validation=recipe.test)
