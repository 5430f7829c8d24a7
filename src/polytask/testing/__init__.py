"""Common checks of methods, ours and users' own; each raises AssertionError with a sentence.

One ``check_…`` per contract (a kind, a loss, a metric, an aggregator, a learner, …), in a file of
its name; arguments of a wrong type raise ParameterError. Beside them are a toy problem with a
known Pareto front, and `tiny_dataset`. Nothing here needs a test runner:
``check_weighting(MyWeighting())`` works in any script. Begin with ``_check_metric.py``.
"""

from polytask.testing._check_aggregator import check_aggregator
from polytask.testing._check_architecture import check_architecture
from polytask.testing._check_augmentation import check_augmentation
from polytask.testing._check_datafit import check_datafit
from polytask.testing._check_estimator import check_estimator
from polytask.testing._check_executor import check_executor
from polytask.testing._check_kind import check_kind
from polytask.testing._check_learner import check_learner
from polytask.testing._check_loss import check_loss
from polytask.testing._check_merging import check_merging
from polytask.testing._check_metric import check_metric
from polytask.testing._check_observer import check_observer
from polytask.testing._check_penalty import check_penalty
from polytask.testing._check_population import check_population
from polytask.testing._check_processes import check_processes
from polytask.testing._check_recipe import check_recipe_round_trip
from polytask.testing._check_sampler import check_sampler
from polytask.testing._check_search_ranges import check_search_ranges
from polytask.testing._check_weighting import check_weighting
from polytask.testing._parameters import check_parameters_reject_bad_values
from polytask.testing._properties import check_properties
from polytask.testing._tiny_dataset import tiny_dataset
from polytask.testing._toy_path import toy_path
from polytask.testing._toy_problem import TOY_STARTS, toy_distance, toy_front, toy_losses

__all__ = [
    "TOY_STARTS",
    "check_aggregator",
    "check_architecture",
    "check_augmentation",
    "check_datafit",
    "check_estimator",
    "check_executor",
    "check_kind",
    "check_learner",
    "check_loss",
    "check_merging",
    "check_metric",
    "check_observer",
    "check_parameters_reject_bad_values",
    "check_penalty",
    "check_population",
    "check_processes",
    "check_properties",
    "check_recipe_round_trip",
    "check_sampler",
    "check_search_ranges",
    "check_weighting",
    "tiny_dataset",
    "toy_distance",
    "toy_front",
    "toy_losses",
    "toy_path",
]
