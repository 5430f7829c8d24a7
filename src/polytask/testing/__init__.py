"""Common checks for methods, ours and users' own; each raises AssertionError in clear words.

Nothing here needs a test runner: ``check_weighting(MyWeighting())`` works in any script.
"""

from polytask.testing._aggregator import (
    check_aggregator,
    check_non_conflicting,
    check_permutation_invariant,
)
from polytask.testing._architecture import check_architecture
from polytask.testing._datafit import check_datafit
from polytask.testing._datasets import tiny_dataset
from polytask.testing._kind import check_kind
from polytask.testing._learner import check_learner
from polytask.testing._loss import check_loss
from polytask.testing._metric import check_metric
from polytask.testing._parameters import check_parameters_reject_bad_values
from polytask.testing._penalty import check_penalty
from polytask.testing._recipe import check_recipe_round_trip
from polytask.testing._weighting import check_weighting

__all__ = [
    "check_aggregator",
    "check_architecture",
    "check_datafit",
    "check_kind",
    "check_learner",
    "check_loss",
    "check_metric",
    "check_non_conflicting",
    "check_parameters_reject_bad_values",
    "check_penalty",
    "check_permutation_invariant",
    "check_recipe_round_trip",
    "check_weighting",
    "tiny_dataset",
]
