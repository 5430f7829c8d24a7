"""Generated times to events have the hazards, and the censoring, that are asked for."""

import numpy as np
import pytest

from polytask.datasets import make_survival
from polytask.exceptions import ParameterError
from polytask.tasks import Survival


def columns(data, task):
    return np.stack(list(data.sources[0].labels.columns(task).values()), axis=1)


def test_times_follow_the_true_curves():
    data, truth = make_survival(n_tasks=1, n_rows=1500, censoring=0.0, shape=2.0, seed=3)
    times, happened = columns(data, "event_0").T
    assert happened.all()
    survived = truth.survival(0, times)[np.arange(1500), np.arange(1500)]
    np.testing.assert_allclose(np.sort(survived), np.linspace(0, 1, 1500), atol=0.05)


def test_the_share_of_censored_cells():
    data, _ = make_survival(n_tasks=3, n_rows=1000, censoring=0.7)
    events = np.concatenate([columns(data, name)[:, 1] for name in data.tasks.names])
    assert 1 - events.mean() == pytest.approx(0.7, abs=0.01)
    assert {type(task.kind) for task in data.tasks} == {Survival}


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_related_tasks_share_hazards(share):
    _, truth = make_survival(n_tasks=2, relatedness=share)
    correlation = np.corrcoef(np.log(truth.rates.T))[0, 1]
    assert correlation == pytest.approx(share, abs=0.4)


def test_bad_arguments():
    with pytest.raises(ParameterError, match="The `censoring` parameter of make_survival must be"):
        make_survival(censoring=1.0)
