"""Which source task helped which prediction, and that rows add up to the metric."""

import numpy as np
import polars as pl
import pytest

from polytask.analysis import SourceTasks, source_tasks
from polytask.analysis._measure_sources import left_out_of, sources_of_runs
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.datasets import make_clustered_tasks
from polytask.encoders import MLP
from polytask.exceptions import ParameterError, UnknownNameError

NETWORK = HardSharing(MLP((16,)))


@pytest.fixture(scope="module")
def record(runs):
    return sources_of_runs(runs, ["task_0", "task_2"])


@pytest.mark.slow
def test_a_large_task_helps_the_small_one_that_it_is_equal_to_and_most_of_its_predictions():
    """Tasks `a` and `b` are unrelated; each has a small and a large version."""
    draw = np.random.default_rng(0)
    weights = np.linalg.qr(draw.normal(size=(20, 2)))[0].T
    tables = []
    for task, own, n_rows in (("a", 0, 40), ("A", 0, 150), ("b", 1, 40), ("B", 1, 150)):
        inputs = draw.normal(size=(n_rows, 20))
        labels = inputs @ weights[own] + 0.2 * draw.normal(size=n_rows)
        columns = {f"x{i}": inputs[:, i] for i in range(20)}
        tables.append(pl.DataFrame({**columns, "y": labels, "task": [task] * n_rows}))
    data = MultiTaskDataset.from_long(pl.concat(tables), "y", "task", kind="regression")
    record = source_tasks(
        data, NETWORK, sources=["A", "B"], folds=2, seeds=3, budget=Budget(steps=600)
    )
    for task, helper, other in (("a", 0, 1), ("b", 1, 0)):
        gains = record.matrix[record.tasks.index(task)]
        assert gains[helper] > 0.1
        assert gains[helper] > gains[other] + 0.05
        best = np.nanargmax(record.rows[task].matrix, axis=1)
        assert np.mean(best == helper) > 0.6  # chance: 1/2


def test_the_mean_over_rows_is_the_change_of_the_metric(runs, record):
    for task in record.tasks:
        together, metric = runs.answers(runs.tasks)[task], record.metrics[task]
        assert metric == "RMSE"
        for place, source in enumerate(record.sources):
            if source == task:
                continue
            without = runs.answers([name for name in runs.tasks if name != source])[task]
            errors = [
                [np.sqrt(np.mean((own.truth - response) ** 2)) for response in own.responses]
                for own in (without, together)
            ]
            change = np.mean(errors[0]) - np.mean(errors[1])
            assert record.rows[task].matrix[:, place].mean() == pytest.approx(change, abs=1e-3)


def test_one_network_is_trained_without_each_task_and_a_task_has_no_effect_on_itself(record):
    assert record.sources == ("task_0", "task_2")
    assert len(record.effects) == 6
    for place, source in enumerate(record.sources):
        assert np.isnan(record.matrix[record.tasks.index(source), place])
        assert np.isnan(record.rows[source].matrix[:, place]).all()


def test_rows_are_named_by_their_position_in_the_users_table(runs, record):
    (source,) = runs.data.sources
    for position, task in enumerate(record.tasks):
        own = np.flatnonzero(source.task_index == position)
        assert record.rows[task].row == tuple(source.row_ids[own].tolist())
        assert set(record.rows[task].table) == {source.name}


def test_extremes_are_the_largest_and_smallest_values_of_a_task(record):
    for task in record.tasks:
        values = record.rows[task].matrix
        own = [row for row in record.extremes if row.task == task]
        assert own[0].value == pytest.approx(np.nanmax(values), rel=1e-3)
        assert own[-1].value == pytest.approx(np.nanmin(values), rel=1e-3)
        assert all(0 <= row.agreeing <= record.n_rounds for row in own)


def test_of_many_tasks_a_sample_is_left_out_and_said(runs):
    chosen, notes = left_out_of(runs, None, 2, 0)
    assert len(chosen) == 2
    assert notes[0].startswith("Of 4 tasks, a random sample of 2 was left out")
    assert chosen == left_out_of(runs, None, 2, 0)[0]
    assert left_out_of(runs, None, 4, 0) == (runs.tasks, ())


def test_a_record_goes_through_plain_values(record):
    assert SourceTasks.from_dict(record.to_dict()) == record
    assert str(record).startswith("gain of …, % | by …")
    assert record.to_frame().height == 6


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"sources": ["task_9"]}, UnknownNameError, "task_9"),
        ({"sources": []}, ParameterError, "at least one name of a task"),
        ({"most_sources": 0}, ParameterError, "`most_sources` parameter of source_tasks"),
        ({"learner": "linear"}, ParameterError, "a network whose tasks share something"),
    ],
)
def test_bad_arguments_are_refused_in_one_sentence(options, error, words):
    data, _ = make_clustered_tasks(1, 2, 40)
    with pytest.raises(error, match=words):
        source_tasks(data, **{"folds": 2, "seeds": 1, **options})
