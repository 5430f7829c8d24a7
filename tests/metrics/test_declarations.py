"""What each metric says of itself, which verdicts, scales and sentences follow."""

import pytest
from metric_cases import METRICS

SHARES = {"accuracy", "average_precision", "balanced_accuracy", "f1", "roc_auc"}
EXPLAINED = {"r2", "explained_variance"}
AGREEMENT = {"quadratic_kappa"}


@pytest.mark.parametrize(
    ("attribute", "names"),
    [
        ("greater_is_better", SHARES | EXPLAINED | AGREEMENT),
        ("in_target_units", {"mae", "rmse"}),
        ("zero_one", {"accuracy"}),
        ("is_share", SHARES),
    ],
)
def test_which_metrics_are_so(attribute, names):
    assert {one.name for one in METRICS if getattr(one, attribute)} == names


def test_scales():
    assert {one.name for one in METRICS if not one.positive_scale} == EXPLAINED | AGREEMENT
    assert {one.name: one.power for one in METRICS if one.power != 1} == {"rmse": 2}
    assert all(one.best == float(one.greater_is_better) for one in METRICS)
