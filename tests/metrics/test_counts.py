"""Metrics of counts with exposures and dispersions."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, mean_poisson_deviance, mean_squared_error

from polytask.exceptions import ParameterError
from polytask.metrics import MAE, NMSE, RMSE, PoissonDeviance, default_metric, metrics_for
from polytask.tasks import Count, FittedTarget, Task

GENERATOR = np.random.default_rng(0)
EXPOSURES = GENERATOR.uniform(0.5, 12.0, 200)
RATES = np.exp(GENERATOR.normal(-1, 0.5, 200))
COUNTS = GENERATOR.poisson(RATES * EXPOSURES).astype(float)
WEIGHT = GENERATOR.uniform(0.1, 3.0, 200)
TRUTH = np.stack([COUNTS, EXPOSURES], axis=1)
TARGET = Count().fit("claims", {"claims": COUNTS, "months": EXPOSURES})
SPREAD = np.stack([RATES, np.ones(200)], axis=1)


@pytest.mark.parametrize("response", [RATES, SPREAD], ids=["rates", "rates and dispersions"])
def test_expected_counts_are_rates_times_exposures(response):
    def value(metric):
        return metric.score(TRUTH, response, TARGET, WEIGHT).value

    expected = RATES * EXPOSURES
    deviance = mean_poisson_deviance(COUNTS, expected, sample_weight=WEIGHT)
    assert value(PoissonDeviance()) == pytest.approx(deviance)
    squared = mean_squared_error(COUNTS, expected, sample_weight=WEIGHT)
    assert value(RMSE()) == pytest.approx(squared**0.5)
    absolute = mean_absolute_error(COUNTS, expected, sample_weight=WEIGHT)
    assert value(MAE()) == pytest.approx(absolute)


def test_deviance_per_unit_of_exposure_differs_by_the_mean_exposure():
    per_unit = mean_poisson_deviance(COUNTS / EXPOSURES, RATES, sample_weight=EXPOSURES)
    value = PoissonDeviance().score(TRUTH, RATES, TARGET).value
    assert value == pytest.approx(per_unit * EXPOSURES.mean())


def test_dispersions_alone_change_nothing():
    target = Count("negative_binomial").fit("n", {"n": COUNTS})
    for metric in (PoissonDeviance(), RMSE(), MAE()):
        alone = metric.score(COUNTS, RATES, target)
        assert metric.score(COUNTS, SPREAD, target) == alone


def test_rows_without_exposure_count_for_nothing():
    truth, kept = TRUTH.copy(), np.arange(200) >= 5
    truth[:5, 1] = np.nan
    for metric in (PoissonDeviance(), RMSE(), MAE()):
        alone = metric.score(TRUTH[kept], RATES[kept], TARGET)
        assert metric.score(truth, RATES, TARGET).value == pytest.approx(alone.value)


def test_expectations_of_zero_are_dear_and_finite():
    target = FittedTarget(("n",), learned={"mean_count": (1.0,)})
    assert PoissonDeviance().score(np.array([0.0]), np.array([0.0]), target).value < 1e-300
    value = PoissonDeviance().score(np.array([2.0]), np.array([0.0]), target).value
    assert 2000 < value < 4000


def test_the_deviance_is_the_headline():
    task = Task("n", "count")
    assert default_metric(Count()) == PoissonDeviance()
    assert [metric.name for metric in metrics_for(task)] == ["poisson_deviance", "mae", "rmse"]
    with pytest.raises(ParameterError, match="metrics that serve the kind count"):
        metrics_for(Task("n", "count", metrics=[NMSE()]))


@pytest.mark.parametrize("truth", [np.zeros((3, 3)), np.zeros((3, 2, 2))])
def test_shapes_that_are_no_counts(truth):
    for metric in (PoissonDeviance(), RMSE()):
        with pytest.raises(ParameterError, match="`response` parameter of"):
            metric.score(truth, np.ones(3), TARGET)
