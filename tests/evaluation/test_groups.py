"""Runs that are fitted together give the records of runs one by one."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from fakes_evaluation import Apart, table, without_seconds
from fakes_executors import LastFirst

from polytask.bookkeeping import Budget
from polytask.data import RandomSplit
from polytask.evaluation import Runner
from polytask.evaluation.running._groups import MOST_TOGETHER, grouped
from polytask.evaluation.running._store import RunStore
from polytask.exceptions import NonFiniteLossError
from polytask.learners import FitRequest, GradientBoosting, Linear
from polytask.training._checkpoint import save_state


@dataclass(frozen=True)
class Population(Apart):
    """Apart, whose settings and seeds are fitted together; a line in `log` per program.

    Parameters
    ----------
    killed_at : int
        Before this request the process ends; the checkpoint holds those that had ended.
    """

    killed_at: int = -1

    def shape(self, train):
        del train
        return f"share {self.share}"

    def fit_many(self, requests, train, validation, budget, **options):
        if self.log:
            with Path(self.log).open("a", encoding="utf-8") as file:
                settings = [(request.learner.alpha, request.seed) for request in requests]
                file.write(f"together {settings}\n")
        if self.killed_at >= 0:
            folder = options["checkpoint"]
            folder.mkdir(parents=True, exist_ok=True)
            save_state(folder / "running.safetensors", {"ended": self.killed_at})
            requests = requests[: self.killed_at]
        results = super().fit_many(requests, train, validation, budget, **options)
        if self.killed_at >= 0:
            raise KeyboardInterrupt
        return results


@pytest.fixture(scope="module")
def data():
    return table()


@pytest.fixture(scope="module")
def split(data):
    (found,) = RandomSplit().splits(data, 0)
    return found


def lines(log):
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def requests(runner, learner, split, settings=(1.0, 1e4), seeds=(0, 1)):
    return [runner.request(learner, split, seed, {"alpha": a}) for a in settings for seed in seeds]


def plain(records):
    return [without_seconds(record) for record in records]


def test_runs_of_one_shape_are_one_program_with_the_records_of_runs_one_by_one(
    tmp_path, data, split
):
    together, alone = (tmp_path / name for name in ("together", "alone"))
    log = tmp_path / "log"
    learner = Population(log=str(log))
    runner = Runner(together, data, Budget())
    done = []
    records = runner.run_all(requests(runner, learner, split), done.append)
    assert len([line for line in lines(log) if line.startswith("together")]) == 1
    assert done == records
    one_by_one = Runner(alone, data, Budget())
    expected = [one_by_one.run(run) for run in requests(one_by_one, learner, split)]
    assert plain(records) == plain(expected)
    for record in records:
        key = record.spec.key
        ours, theirs = (r.store.read_outcomes(key, "validation") for r in (runner, one_by_one))
        assert ours["y0"].digest() == theirs["y0"].digest()


def test_a_member_that_fails_is_a_record_and_the_others_go_on(tmp_path, data, split):
    runner = Runner(tmp_path, data, Budget())
    records = runner.run_all(requests(runner, Population(fails_at=1e4), split))
    assert [record.error for record in records] == ["", "", *["NonFiniteLossError"] * 2]
    assert not list((tmp_path / "runs").glob("*.population"))


def test_members_that_had_ended_are_not_fitted_again(tmp_path, data, split):
    log = tmp_path / "log"
    runner = Runner(tmp_path, data, Budget())
    settings = (1.0, 1e4, 1e-3)
    with pytest.raises(KeyboardInterrupt):
        runner.run_all(requests(runner, Population(killed_at=2, log=str(log)), split, settings))
    first = [record.name for record in (tmp_path / "runs").glob("*.json")]
    assert len(first) == 2
    # the learner is part of a run, so that the same one has to go on
    runs = requests(runner, Population(killed_at=2, log=str(log)), split, settings)
    assert runner.store.population(grouped(runs, runner.train)[0].key).exists()
    known = []
    with pytest.raises(KeyboardInterrupt):
        runner.run_all(runs, on_known=known.append)
    assert len(known) == 2
    # from a checkpoint all go on, since it is theirs together
    assert [line.count("(") for line in lines(log) if line.startswith("together")] == [6, 6]


def test_a_damaged_checkpoint_is_named_and_removed(tmp_path, data, split):
    notes = []
    runner = Runner(tmp_path, data, Budget(), note=notes.append)
    runs = requests(runner, Population(), split)
    folder = runner.store.population(grouped(runs, runner.train)[0].key)
    folder.mkdir(parents=True)
    (folder / "running.safetensors").write_bytes(b"half")
    records = runner.run_all(runs)
    assert not any(record.failure for record in records)
    assert "is damaged. Those of its runs that are not on record start anew." in notes[0]


def test_runs_of_one_shape_are_divided_into_parts_of_a_bounded_size(tmp_path, data, split):
    runner = Runner(tmp_path, data, Budget())
    runs = requests(runner, Population(), split, np.linspace(1, 2, 10))
    sizes = [len(group.runs) for group in grouped(runs, runner.train)]
    assert sizes == [6, 7, 7]
    assert max(sizes) <= MOST_TOGETHER
    (other,) = RandomSplit(test=0.3).splits(data, 0)
    mixed = [*runs[:2], *requests(runner, Population(), other), runner.request(Apart(), split, 0)]
    assert [len(g.runs) for g in grouped(mixed, runner.train)] == [2, 4, 1]


@pytest.mark.parametrize(
    "learner", [Linear(), pytest.param(GradientBoosting(max_iter=5), marks=pytest.mark.slow)]
)
def test_a_learner_that_uses_no_seed_is_fitted_once_for_all_seeds(tmp_path, data, split, learner):
    together, alone = (Runner(tmp_path / name, data, Budget()) for name in ("all", "one"))
    runs = [together.request(learner, split, seed) for seed in (0, 1, 2)]
    (group,) = grouped(runs, together.train)
    assert group.alike
    records = together.run_all(runs)
    expected = [alone.run(alone.request(learner, split, seed)) for seed in (0, 1, 2)]
    assert plain(records) == plain(expected)
    assert len({record.history["seconds"] for record in records}) == 1 < len(records)


def test_a_model_that_is_the_same_for_all_seeds_is_tested_once(tmp_path, data, split, monkeypatch):
    together, alone = (Runner(tmp_path / name, data, Budget()) for name in ("all", "one"))
    learner, names = Linear(), data.tasks.names
    runs = [together.request(learner, split, seed) for seed in (0, 1, 2)]
    together.run_all(runs)
    read, models = RunStore.read_model, []
    monkeypatch.setattr(RunStore, "read_model", lambda *a: models.append(a) or read(*a))
    tested = together.test_all([(run, names) for run in runs])
    assert len(models) == 1
    for run, record in zip(runs, tested, strict=True):
        assert together.store.read(run.spec.key) == record
        assert record.test_reads == 1
        (expected,) = alone.test_all([(run, names)])
        assert plain([record]) == plain([expected])


def test_the_first_error_is_raised_unless_errors_are_wanted(data, split):
    train, validation = data.take(split.train), data.take(split.validation)
    learner = Apart(fails_at=1.0)
    asked = [(learner, 0), (Apart(alpha=2.0), 0)]
    asked = [FitRequest(*pair) for pair in asked]
    with pytest.raises(NonFiniteLossError):
        learner.fit_many(asked, train, validation, Budget())
    done = []
    results = learner.fit_many(
        asked,
        train,
        validation,
        Budget(),
        on_done=lambda k, fitted: done.append((k, fitted)),
        return_errors=True,
    )
    assert isinstance(results[0], NonFiniteLossError)
    assert done == [(1, results[1])]


def test_an_executor_of_ones_own_receives_groups(tmp_path, data, split):
    executor = LastFirst()
    with Runner(tmp_path, data, Budget(), executor=executor) as runner:
        records = runner.run_all(requests(runner, Linear(), split))
    assert [record.spec.seed for record in records] == [0, 1, 0, 1]
    assert [len(group.runs) for _, group in executor.done] == [2, 2]
