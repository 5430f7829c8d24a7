"""Models that tables cannot tell apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, is_dataclass

from polytask.exceptions import ParameterError
from polytask.learners import Learner
from polytask.learners._labelled import with_distinct_names
from polytask.learners.names import NAME_SETTINGS, ModelName, model_name

__all__ = ["check_distinct"]


def check_distinct(learners: Sequence[Learner], models: Sequence[str]) -> None:
    """Refuse two models of one name; of those without a setting for it, `compare` says so.

    Parameters
    ----------
    learners : sequence of Learner
    models : sequence of str
        Their names as they were typed; none where the defaults are compared.

    Raises
    ------
    ParameterError
    """
    named = with_distinct_names(learners)
    times = Counter(learner.name for learner in named)
    for position, learner in enumerate(named):
        if times[learner.name] < 2 or not is_dataclass(learner):
            continue
        own = NAME_SETTINGS & {field.name for field in fields(learner)}
        if own:
            model = model_name(models[position] if models else "hard_sharing")
            sentence = (
                f"Two models have the name {learner.name!r}. Leave out one, or give one another "
                f"name: --model '{_renamed(model, min(own))}'."
            )
            raise ParameterError(sentence)


def _renamed(model: ModelName, setting: str) -> str:
    """A model as it was typed, with another name."""
    named = model._replace(settings={**model.settings, setting: "NAME"})
    inside = ", ".join(filter(None, (named.part, named.detail)))
    return "+".join((f"{named.base}({inside})", *named.methods))
