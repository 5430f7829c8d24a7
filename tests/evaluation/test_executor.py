"""Runs go through the executor, whatever it is, and nothing else starts processes."""

import multiprocessing
import os
import subprocess

import pytest
from fakes_evaluation import Apart, Together, table
from fakes_executors import LastFirst

import polytask
from polytask.bookkeeping import Budget
from polytask.data import RandomSplit
from polytask.evaluation import Runner
from polytask.exceptions import ParameterError
from polytask.executors import LocalExecutor


def without_seconds(values):
    if isinstance(values, dict):
        return {k: without_seconds(v) for k, v in values.items() if not k.startswith("seconds")}
    if isinstance(values, list):
        return [without_seconds(item) for item in values]
    return values


@pytest.fixture
def no_processes(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a process was started beside the executor")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(multiprocessing.Process, "start", refuse)
    for name in ("fork", "forkpty", "posix_spawn", "posix_spawnp"):
        if hasattr(os, name):
            monkeypatch.setattr(os, name, refuse)


@pytest.mark.usefixtures("no_processes")
@pytest.mark.parametrize(
    "learner",
    [
        Together(),
        "hard_sharing",
        pytest.param("gradient_boosting", marks=pytest.mark.slow),
        pytest.param("linear", marks=pytest.mark.slow),
    ],
)
def test_every_run_goes_through_the_executor_and_no_other_process_is_started(tmp_path, learner):
    executor, budget = LastFirst(), Budget(trials=2, steps=3)
    comparison = polytask.compare(
        table(), learner, seeds=2, budget=budget, executor=executor, out=tmp_path, quiet=True
    )
    assert comparison.chosen.predict(table())["y0"].response.shape == (240,)
    works = [work for work, _ in executor.done]
    records = [path for path in (tmp_path / "runs").glob("*.json") if path.name[0] != "."]
    fitted = [run for work, job in executor.done if work == "fit_group" for run in job.runs]
    assert len(fitted) == len(records) > 2
    assert set(works) == {"fit_group", "test_alike"}
    assert works == sorted(works)  # test rows are read when all runs are fitted
    assert len(set(map(id, executor.commons))) == 1
    assert executor.n_closed == 0


def test_the_order_of_results_does_not_matter():
    comparisons = [
        polytask.compare(table(), Together(), seeds=2, budget=Budget(2), executor=executor)
        for executor in (None, LastFirst())
    ]
    first, second = (without_seconds(comparison.to_dict()) for comparison in comparisons)
    assert first == second


@pytest.mark.slow
def test_a_studys_executor_serves_another_study(tmp_path):
    with LocalExecutor(2) as executor:
        for seed in (0, 1):
            data, out = table(seed=seed), tmp_path / str(seed)
            polytask.compare(data, Apart(), seeds=2, budget=Budget(1), executor=executor, out=out)
            assert len(executor._workers) == 2
    assert executor._workers == []


@pytest.mark.slow
def test_the_runners_own_workers_raise_here_and_end_with_it_and_given_ones_do_not(tmp_path):
    data = table()
    (split,) = RandomSplit().splits(data, 0)
    given = LastFirst()
    with Runner(tmp_path, data, Budget(), executor=given) as runner:
        records = runner.run_all([runner.request(Apart(), split, seed) for seed in (0, 1)])
    assert [record.spec.seed for record in records] == [0, 1]
    assert [group.runs[0].spec.seed for _, group in given.done] == [1, 0]
    assert given.n_closed == 0
    with Runner(tmp_path / "own", data, Budget(), jobs=2) as runner:
        runner.run_all([runner.request(Apart(), split, seed) for seed in (0, 1)])
        assert len(runner.executor._workers) == 2
        with pytest.raises(ValueError, match="'alpha' parameter of Ridge"):
            runner.run_all([runner.request(Apart(alpha=-3.0), split, seed) for seed in (0, 1)])
    assert runner.executor._workers == []


def test_jobs_is_short_for_an_executor_of_its_own():
    with pytest.raises(ParameterError, match=r"`executor` parameter of compare must be None where"):
        polytask.compare(table(), Apart(), jobs=2, executor=LastFirst())


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("executor", [2, "local", LastFirst])
def test_an_executor_is_an_object_of_a_class(executor):
    with pytest.raises(
        ParameterError, match=r"`executor` parameter of compare must be an instance"
    ):
        polytask.compare(table(), Apart(), executor=executor)
