"""How sure test rows are: paired tests, intervals, corrections and random effects over tasks."""

from polytask.statistics._answers import Answers
from polytask.statistics._holm import holm
from polytask.statistics._paired import Paired, paired
from polytask.statistics._paired_gain import PairedGain, paired_gain
from polytask.statistics._random_effects import RandomEffects, random_effects
from polytask.statistics._single import Single, single
from polytask.statistics._units import count_units, enough_units, fewest_units

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
    "paired",
    "paired_gain",
    "random_effects",
    "single",
]
