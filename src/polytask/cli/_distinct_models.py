"""Models that tables cannot tell apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields

from polytask.cli._learners import NAMES
from polytask.cli._model_names import model_name
from polytask.exceptions import ParameterError
from polytask.learners import Learner
from polytask.learners._labelled import with_distinct_names

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
        own = NAMES & {field.name for field in fields(learner)}  # type: ignore[arg-type]
        if times[learner.name] > 1 and own:
            model = model_name(models[position] if models else "hard_sharing")
            inside = ", ".join(filter(None, (model.part, f"{min(own)}=NAME")))
            sentence = (
                f"Two models have the name {learner.name!r}. Leave out one, or give one another "
                f"name: --model '{model.base}({inside})'."
            )
            raise ParameterError(sentence)
