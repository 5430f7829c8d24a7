"""`polytask fit`: one model, held-out rows, a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from polytask.cli._budget import budget
from polytask.cli._data import read_data
from polytask.cli._interrupt import ending_well
from polytask.cli._learners import named_learners
from polytask.cli._score_table import score_table
from polytask.cli._settings import FitSettings, settings
from polytask.cli._voice import Voice
from polytask.data import Splitter
from polytask.evaluation import evaluate
from polytask.learners import fit
from polytask.predictor import check_folder

__all__ = ["run"]


def run(given: Mapping[str, Any]) -> None:
    """Fit one model, say how it does on held-out rows, and save it."""
    options = settings(FitSettings, given)
    voice = Voice(options.quiet)
    with ending_well(lambda: "no model was saved; the same command starts anew."):
        check_folder(options.out)
        data, splitter = read_data(options, voice)
        (learner,) = named_learners(
            [options.model], data.tasks, options.weighting, options.aggregation
        )
        splitter = _holding_out(splitter)
        allowed = budget(options, data, splitter, seed=options.seed)
        split = splitter.splits(data, options.seed)[0]
        train, validation, left = split.apply(splitter.prepared(data))
        aside = f"; {left.n_rows:,} test rows are left alone" if left.n_rows else ""
        voice.note(
            f"fitting {learner.name}: {train.n_rows:,} training and {validation.n_rows:,} "
            f"validation rows{aside}"
        )
        predictor = fit(train, learner, validation=validation, seed=options.seed, budget=allowed)
        predictor.save(options.out)
        voice.result(score_table(data.tasks, evaluate(predictor, validation)))
        voice.result(
            f"model: {options.out} ({predictor.name}, {predictor.n_parameters:,} parameters)"
        )


def _holding_out(splitter: Splitter) -> Splitter:
    """The same splitter whose test rows are validation rows instead, where shares are drawn."""
    recipe: Any = splitter
    if "test" not in {field.name for field in fields(recipe)}:
        return splitter
    return replace(recipe, test=0.0, validation=recipe.test)
