import json
from pathlib import Path

import numpy as np
import pytest
from fakes_evaluation import Apart, Together, table, without_seconds

from polytask.bookkeeping import Budget
from polytask.data import RandomSplit
from polytask.evaluation import Runner, RunRecord
from polytask.exceptions import ParameterError


@pytest.fixture
def data():
    return table()


@pytest.fixture
def split(data):
    (found,) = RandomSplit().splits(data, 0)
    return found


def fits(log: Path) -> int:
    return len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0


def test_a_run_is_kept_and_not_done_again(tmp_path, data, split):
    log = tmp_path / "log"
    runner = Runner(tmp_path, data, Budget())
    run = runner.request(Apart(log=str(log)), split, 0)
    record = runner.run(run)
    assert fits(log) == 1
    assert Runner(tmp_path, data, Budget()).run(run) == record
    assert fits(log) == 1
    assert record.test == {}
    assert record.test_reads == 0
    assert set(record.validation) == {"y0", "y1"}


def test_records_go_through_json(tmp_path, data, split):
    runner = Runner(tmp_path, data, Budget())
    record = runner.run(runner.request(Apart(), split, 0))
    back = RunRecord.from_dict(json.loads(json.dumps(record.to_dict(), allow_nan=False)))
    assert back == record
    assert back.spec.key == record.spec.key


def test_every_part_of_a_spec_changes_its_key(tmp_path, data, split):
    runner = Runner(tmp_path, data, Budget())
    (other,) = RandomSplit(test=0.3).splits(data, 0)
    runs = [
        runner.request(Apart(), split, 0),
        runner.request(Apart(), split, 1),
        runner.request(Apart(), other, 0),
        runner.request(Apart(), split, 0, {"alpha": 3.0}),
        runner.request(Together(), split, 0),
        Runner(tmp_path, data, Budget(steps=7)).request(Apart(), split, 0),
        Runner(tmp_path, table(seed=1), Budget()).request(Apart(), split, 0),
    ]
    assert len({run.spec.key for run in runs}) == len(runs)
    again = Runner(tmp_path / "elsewhere", table(), Budget()).request(Apart(), split, 0)
    assert again.spec.key == runs[0].spec.key


def test_what_an_interrupted_run_left_is_replaced(tmp_path, data, split):
    runner = Runner(tmp_path, data, Budget())
    run = runner.request(Apart(), split, 0)
    first = runner.run(run)
    (tmp_path / "runs" / f"{run.spec.key}.json").unlink()
    bundle = runner.store.bundle(run.spec.key)
    next(bundle.glob("*.skops")).write_bytes(b"half of it")
    second = runner.run(run)
    assert without_seconds(second) == without_seconds(first)
    assert runner.store.read_model(run.spec.key).name == "apart"


def test_test_rows_are_read_once_and_for_the_tasks_asked_for(tmp_path, data, split):
    runner = Runner(tmp_path, data, Budget())
    run = runner.request(Apart(), split, 0)
    (first,) = runner.test_all([(run, ("y1",))])
    assert set(first.test) == {"y1"}
    assert first.test_reads == 1
    (second,) = runner.test_all([(run, ("y1",))])
    assert second == first
    assert list(runner.store.read_outcomes(run.spec.key, "test")) == ["y1"]


@pytest.mark.slow
def test_side_by_side_gives_what_one_after_another_gives(tmp_path, data, split):
    learners = (Apart(), Together(), Apart("third", alpha=5.0))
    found = []
    for jobs in (1, 2):
        runner = Runner(tmp_path / str(jobs), data, Budget(), jobs)
        runs = [runner.request(learner, split, seed) for learner in learners for seed in (0, 1)]
        done = []
        records = runner.run_all(runs, lambda record, done=done: done.append(record.spec.key))
        assert sorted(done) == sorted(run.spec.key for run in runs)
        assert [record.spec for record in records] == [run.spec for run in runs]
        found.append([without_seconds(record) for record in records])
    assert found[0] == found[1]


def test_runs_that_were_done_before_are_told_as_asked(tmp_path, data, split):
    runner = Runner(tmp_path, data, Budget())
    run = runner.request(Apart(), split, 0)
    first = runner.run(run)
    done, known = [], []
    runner.run_all([run], done.append)
    assert done == [first]
    runner.run_all([run], done.append, known.append)
    assert (done, known) == ([first], [first])


def test_a_run_that_diverges_is_a_record_too(tmp_path, data, split):
    runner = Runner(tmp_path, data, Budget())
    record = runner.run(runner.request(Apart(fails_at=1.0), split, 0))
    assert record.failure == "The loss of task 'y0' is not finite."
    assert record.validation == {}
    assert runner.run(runner.request(Apart(fails_at=1.0), split, 0)) == record


def test_a_run_with_a_damaged_record_is_done_again_and_named(tmp_path, data, split):
    notes = []
    runner = Runner(tmp_path, data, Budget(), note=notes.append)
    run = runner.request(Apart(), split, 0)
    first = runner.run(run)
    (tmp_path / "runs" / f"{run.spec.key}.json").write_text('{"spec"')
    assert without_seconds(runner.run(run)) == without_seconds(first)
    assert "is damaged, or no record of a run" in notes[0]


def test_validation_metrics_are_those_of_the_saved_model(tmp_path, data, split):
    runner = Runner(tmp_path, data, Budget())
    run = runner.request(Apart(), split, 0)
    record = runner.run(run)
    held_out = data.take(split.validation)
    answers = runner.store.read_model(run.spec.key).predict(held_out)["y0"].response
    truth = np.array(held_out.sources[0].labelled().columns("y0")["y0"])
    expected = np.sqrt(np.mean((answers - truth) ** 2))
    assert record.validation["y0"]["rmse"].value == pytest.approx(expected)


@pytest.mark.parametrize("jobs", [0, -1])
def test_jobs(tmp_path, data, jobs):
    with pytest.raises(ParameterError, match="`jobs` parameter of Runner must be an int in"):
        Runner(tmp_path, data, Budget(), jobs)
