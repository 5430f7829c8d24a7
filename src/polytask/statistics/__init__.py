"""Statistical inference from test rows: paired tests, intervals, corrections, random effects.

Begin with `Answers`, the predictions of a learner for a task. `single` gives a metric with its
interval, `paired` compares two learners in a metric, `paired_gain` in Δm, and `random_effects`
judges many small tasks. `paired_repeats` compares predictions with changed ones, `with_training_rows`
widens an interval for new training rows, `row_values` gives each row's part in a metric. The other files are tests and intervals by their authors' names, and
``_contributions.py`` and ``_spread.py``, from which all of them start.
"""

from polytask.statistics._answers import Answers
from polytask.statistics._holm import holm
from polytask.statistics._mean_of_units import mean_of_units
from polytask.statistics._paired import Paired, paired
from polytask.statistics._paired_gain import PairedGain, paired_gain
from polytask.statistics._paired_repeats import paired_repeats
from polytask.statistics._random_effects import RandomEffects, random_effects
from polytask.statistics._row_values import row_values
from polytask.statistics._single import Single, single
from polytask.statistics._units import count_units, enough_units, fewest_units
from polytask.statistics._with_training_rows import with_training_rows

__all__ = [
    "Answers",
    "Paired",
    "PairedGain",
    "RandomEffects",
    "Single",
    "count_units",
    "enough_units",
    "fewest_units",
    "holm",
    "mean_of_units",
    "paired",
    "paired_gain",
    "paired_repeats",
    "random_effects",
    "row_values",
    "single",
    "with_training_rows",
]
