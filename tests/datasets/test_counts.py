"""Generated counts have the rates, zeros, exposures and dispersion that are asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytask.datasets import make_counts
from polytask.exceptions import ParameterError
from polytask.tasks import Count


def counts(dataset):
    labels = dataset.sources[0].labelled()
    return np.stack(
        [next(iter(labels.columns(name).values())) for name in dataset.tasks.names], axis=1
    )


@settings(max_examples=10)
@given(
    zeros=st.floats(0.1, 0.9),
    dispersion=st.sampled_from([0.0, 0.5, 2.0]),
    exposure=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_shares_of_zeros(zeros, dispersion, exposure, seed):
    data, truth = make_counts(
        2, 4000, zeros=zeros, dispersion=dispersion, exposure=exposure, seed=seed
    )
    np.testing.assert_allclose((counts(data) == 0).mean(axis=0), zeros, atol=0.06)
    assert truth.exposures.min() >= 1
    assert (truth.exposures == 1).all() != exposure


def test_counts_vary_around_rates_times_exposures():
    for dispersion in (0.0, 1.0):
        data, truth = make_counts(1, 20_000, spread=0.5, zeros=0.2, dispersion=dispersion)
        means = truth.exposures * truth.rates[:, 0]
        errors = counts(data)[:, 0] - means
        assert abs(errors.mean()) < 0.1
        found = (errors**2 - means).mean() / (means**2).mean()
        assert found == pytest.approx(dispersion, abs=0.1)


@pytest.mark.parametrize("relatedness", [0.0, 0.5, 1.0])
def test_log_rates_are_related(relatedness):
    _, truth = make_counts(5, 20_000, 30, relatedness=relatedness)
    logs = np.log(truth.rates)
    np.testing.assert_allclose(logs.std(axis=0), 0.8, rtol=0.15)
    others = np.corrcoef(logs.T)[np.triu_indices(5, 1)]
    assert others.mean() == pytest.approx(relatedness, abs=0.15)


def test_tasks_share_the_column_of_exposures():
    data, truth = make_counts(2, 50)
    assert [task.kind for task in data.tasks] == [Count(), Count()]
    labels = data.sources[0].labelled()
    for name in data.tasks.names:
        np.testing.assert_array_equal(labels.columns(name)["months"], truth.exposures)
    assert data.sources[0].inputs.columns == [f"x{feature}" for feature in range(6)]
    plain, _ = make_counts(1, 50, exposure=False)
    assert plain.tasks[0].columns == ("count_0",)


def test_equal_seeds_give_equal_counts():
    one, other, third = (make_counts(n_rows=50, seed=seed)[0] for seed in (3, 3, 4))
    np.testing.assert_array_equal(counts(one), counts(other))
    assert (counts(one) != counts(third)).any()


@pytest.mark.parametrize(
    "arguments",
    [
        {"n_tasks": 0},
        {"n_rows": 0},
        {"n_features": 0},
        {"relatedness": 1.5},
        {"zeros": 0.0},
        {"zeros": 1.0},
        {"spread": -1.0},
        {"dispersion": -0.1},
        {"spread": 1e308},
        {"dispersion": 1e300},
    ],
)
def test_arguments_out_of_range(arguments):
    (name,) = arguments
    with pytest.raises(ParameterError, match=f"The `{name}` parameter of make_counts must be"):
        make_counts(**arguments)


@pytest.mark.parametrize("far", [{"dispersion": 100.0}, {"spread": 10.0}])
def test_shares_of_zeros_out_of_reach(far):
    with pytest.raises(ParameterError, match=r"`zeros` .* Raise it, or lower `spread`"):
        make_counts(1, 500, zeros=1e-3, **far)


@pytest.mark.parametrize(
    "far",
    [
        {"dispersion": 5e-324},
        {"dispersion": 100.0, "zeros": 0.9},
        {"spread": 10.0, "zeros": 0.9},
        {"zeros": 5e-324},
    ],
)
def test_arguments_at_the_ends_of_their_ranges(far):
    data, truth = make_counts(1, 500, **far)
    share = (counts(data) == 0).mean()
    assert share == pytest.approx(far.get("zeros", 0.5), abs=0.08)
    assert np.isfinite(truth.rates).all()
