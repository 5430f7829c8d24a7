"""`polytask fit`: read the table, whose errors come before torch is loaded, then fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from polytask._listing import enumerated
from polytask._workers import collection_paused
from polytask.bookkeeping import Budget
from polytask.cli._budget_options import budget
from polytask.cli._interrupt import ending_well
from polytask.cli._read_data import read_data
from polytask.cli._settings import FitSettings, settings
from polytask.cli._voice import Voice
from polytask.data import MultiTaskDataset, Split, Splitter, learnable, shared_id_notes, splits_of
from polytask.exceptions import DataError, ParameterError

__all__ = ["run"]

_FEW_ROWS = 100


def run(given: Mapping[str, Any]) -> None:
    """Fit one model, print its held-out metrics, and save it."""
    options = settings(FitSettings, {**given, "model": _only_model(given["model"] or ())})
    voice = Voice(options.quiet)
    with ending_well(lambda: "no model was saved; the same command starts anew."):
        from polytask.predictor import check_folder, remove_unfinished_saves

        remove_unfinished_saves(options.out)
        check_folder(options.out)
        data, splitter = read_data(options, voice)
        splitter = _holding_out(splitter)
        data, splits, too_small = splits_of(data, splitter, options.seed)
        data = splitter.prepared(data)
        train, validation = _parts(data, splits, voice)
        train, validation, left_out = learnable(train, validation)
        shared = shared_id_notes(data, splitter, splits[0])
        for note in (*too_small, *left_out, *shared):
            voice.warning(f"  {note}")
        allowed = _allowed(options, data, splitter)
        with collection_paused():
            from polytask.cli._fitting import run_fit

        run_fit(options, train, validation, splitter, allowed, voice)


def _only_model(models: Sequence[str]) -> str | None:
    if len(models) > 1:
        sentence = f"fit trains one model, and --model names {enumerated(models)}."
        raise ParameterError(f"{sentence} Name one, or give all of them to polytask compare.")
    return models[0] if models else None


def _allowed(options: FitSettings, data: MultiTaskDataset, splitter: Splitter) -> Budget | None:
    """Budget that the options give; None leaves it to the model."""
    if options.steps is None and options.epochs is None:
        return None
    return budget(options, data, splitter, seed=options.seed)


def _parts(
    data: MultiTaskDataset, splits: Sequence[Split], voice: Voice
) -> tuple[MultiTaskDataset, MultiTaskDataset]:
    """Training and validation rows."""
    split, *others = splits
    if others:
        voice.warning(f"one model: only the first of {1 + len(others)} splits is used")
    train, validation, test = split.apply(data)
    if validation.n_rows == 0:
        sentence = "The split leaves no validation rows, by which training stops and is judged."
        raise DataError(f"{sentence} Hold some out: --split random:0.2.")
    aside = f"; {test.n_rows:,} test rows are left alone" if test.n_rows else ""
    voice.note(f"{train.n_rows:,} training and {validation.n_rows:,} validation rows{aside}")
    if len(train.sources) > 1:
        pairs = zip(train.sources, validation.sources, strict=True)
        parts = (
            f"{train_source.name} {train_source.n_rows:,} and {validation_source.n_rows:,}"
            for train_source, validation_source in pairs
        )
        voice.note(f"  by source: {', '.join(parts)}")
    if validation.n_rows < _FEW_ROWS:
        voice.warning(f"  fewer than {_FEW_ROWS} validation rows: the scores may be luck")
    return train, validation


def _holding_out(splitter: Splitter) -> Splitter:
    """Return the splitter with its test share added to validation, for splitters by shares."""
    recipe: Any = splitter
    if "test" not in {field.name for field in fields(recipe)}:
        return splitter
    return replace(recipe, test=0.0, validation=recipe.test)
