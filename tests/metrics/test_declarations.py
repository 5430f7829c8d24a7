"""What each metric says of itself, which verdicts, scales and sentences follow."""

import pytest
from metric_cases import METRICS

SHARES = {
    "accuracy",
    "average_precision",
    "balanced_accuracy",
    "concordance",
    "f1",
    "roc_auc",
    "top_k",
}
EXPLAINED = {"r2", "explained_variance"}
AGREEMENT = {"quadratic_kappa", "mcc"}
DENSITIES = {"gaussian_log_score"}
"""Of which the best value would be that of an infinite density."""
PIXELS = {"mean_iou", "pixel_accuracy", "within_factor"}
STEPS = {"chunk_f1", "sequence_accuracy", "token_accuracy"}


@pytest.mark.parametrize(
    ("attribute", "names"),
    [
        ("greater_is_better", SHARES | EXPLAINED | AGREEMENT | STEPS | PIXELS),
        ("in_target_units", {"mae", "rmse", "pinball", "crps", "interval_width"}),
        ("zero_one", {"accuracy", "top_k", "sequence_accuracy"}),
        ("is_share", SHARES | STEPS | PIXELS),
    ],
)
def test_which_metrics_are_so(attribute, names):
    assert {one.name for one in METRICS if getattr(one, attribute)} == names


def test_what_describes_answers_is_no_headline():
    described = {one.name for one in METRICS if not one.ranks_models}
    assert described == {"coverage_error", "interval_width", "expected_calibration_error"}
    barred = {one.name for one in METRICS if one.no_headline is not None}
    assert barred == described | EXPLAINED | AGREEMENT | DENSITIES


def test_scales():
    crossing = {one.name for one in METRICS if not one.positive_scale}
    assert crossing == EXPLAINED | AGREEMENT | DENSITIES
    roots = {one.name: one.power for one in METRICS if one.power != 1}
    assert roots == {"rmse": 2, "step_rmse": 2}
    assert {one.name for one in METRICS if one.best is None} == DENSITIES
    bounded = [one for one in METRICS if one.best is not None]
    assert all(one.best == float(one.greater_is_better) for one in bounded)
