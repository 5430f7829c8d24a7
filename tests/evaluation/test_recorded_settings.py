"""Settings that are recipes are recorded by their names."""

from __future__ import annotations

from polytask.encoders import PiecewiseLinear, Standardized
from polytask.evaluation.running._recorded_settings import recorded_settings
from polytask.evaluation.wording._chosen_settings import chosen_settings


def test_recipes_are_recorded_by_name_and_what_is_not_the_default():
    settings = {"a": Standardized(), "b": PiecewiseLinear(by="trees"), "c": (3, 4), "d": None}
    assert recorded_settings(settings) == {
        "a": "standardized",
        "b": "piecewise_linear(by=trees)",
        "c": (3, 4),
        "d": None,
    }


def test_the_kept_recipe_is_named():
    numbers = (PiecewiseLinear(), Standardized())
    trials = [
        {"settings": recorded_settings({"numbers": value}), "tasks": tasks}
        for value, tasks in zip(numbers, ([], ["a"]), strict=True)
    ]
    comparison = {"learners": [{"name": "net", "runs": [{"trials": trials}]}]}
    assert chosen_settings(comparison) == (
        "settings kept of those tried: net numbers = standardized"
    )
