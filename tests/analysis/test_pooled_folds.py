"""Predictions of folds that learned other cuts of time."""

import numpy as np

from polytask.analysis._cross_scores import CrossScores
from polytask.analysis._pooled_answers import pooled_answers
from polytask.datasets import make_clustered_tasks
from polytask.evaluation.running._outcome import Outcome
from polytask.tasks import Survival, Task, TaskSet

TIMES = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])


def fold(rows, n_events):
    """Curves of a model for which everybody survives half of the time until 8, at cuts of its own."""
    columns = {"time": TIMES, "event": (np.arange(6) < n_events).astype(float)}
    target = Survival(n_intervals=n_events // 2).fit("s", columns)
    curves = np.tile(1 - np.array(target.learned["cuts"]) / 8, (len(rows), 1))
    truth = np.stack([TIMES[rows], columns["event"][rows]], axis=1)
    return Outcome(truth, curves, np.array(rows), np.ones(len(rows)), target)


def test_survival_curves_of_folds_are_joined_at_the_same_times():
    folds = [fold([0, 2, 4], 6), fold([1, 3, 5], 4)]
    assert len({len(one.target.learned["cuts"]) for one in folds}) == 2
    task = Task("s", Survival())
    answers = pooled_answers([[{"s": one} for one in folds]], TaskSet([task]), np.arange(6))["s"]
    cuts = np.array(folds[0].target.learned["cuts"])
    expected = np.where(cuts <= folds[1].target.learned["cuts"][-1], 1 - cuts / 8, np.nan)
    for row in range(6):
        known = np.isfinite(expected) | (row % 2 == 0)
        np.testing.assert_allclose(answers.responses[0][row][known], (1 - cuts / 8)[known])


def test_scores_of_fewer_intervals_are_read_at_the_quantiles_of_the_others():
    data, _ = make_clustered_tasks(1, 2, n_rows=4, seed=0)
    (source,) = data.sources
    scores = CrossScores(data, 1)
    for rows, own in (([0, 1], [[1.0, 2.0, 3.0]]), ([2, 3], [[2.0]])):
        places = np.array(rows)
        scores.add("task_0", {source.name: places}, {source.name: np.repeat(own, 2, axis=0)})
    np.testing.assert_array_equal(
        scores.of[source.name, "task_0"], [[1, 2, 3], [1, 2, 3], [2, 2, 2], [2, 2, 2]]
    )
