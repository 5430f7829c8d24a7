import os
import re
import signal
import subprocess
import sys

import pytest
from fakes_workers import blocked, echo, fail, gone, pid, pid_after, unreadable, wait

from polytask._workers import Worker
from polytask.exceptions import ParameterError, WorkerError
from polytask.executors import LocalExecutor, _helpers, _local_executor

unix = pytest.mark.skipif(os.name == "nt", reason="signals and groups of Unix")


COMMON = ("shared",)


@pytest.fixture
def executor():
    with LocalExecutor(2) as executor:
        yield executor


@unix
def test_signals_reach_the_workers_only_by_way_of_the_main_process(executor):
    found = dict(executor.run(blocked, [1, 2, 3], COMMON))
    assert all({signal.SIGINT, signal.SIGTERM, signal.SIGHUP} <= held for held in found.values())
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_jobs_and_what_they_share(executor):
    assert dict(executor.run(echo, ["a", "b", "c"], COMMON)) == {
        i: (j, ("shared",)) for i, j in enumerate("abc")
    }
    assert dict(executor.run(echo, [b"x" * 3_000_000] * 2, COMMON))[1][0] == b"x" * 3_000_000


def test_workers_stay_between_steps_and_end_when_closed(executor):
    first = set(dict(executor.run(pid, range(8), COMMON)).values())
    assert os.getpid() not in first
    assert set(dict(executor.run(pid, range(8), COMMON)).values()) <= first
    executor.close()
    assert all(gone(one) for one in first)


@pytest.mark.slow
def test_classes_of_a_script_without_a_guard_work(tmp_path):
    (tmp_path / "script.py").write_text(
        "from polytask.executors import LocalExecutor\n"
        "class Mine:\n    x = 3\n"
        "def work(job, common):\n    return job.x + common\n"
        "print(sorted(LocalExecutor(2).run(work, [Mine(), Mine()], 1)))\n"
    )
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[(0, 4), (1, 4)]\n"


def test_errors_come_back_and_end_the_workers(executor):
    with pytest.raises(ValueError, match="no such job") as caught:
        dict(executor.run(fail, [1, 2, 3], COMMON))
    assert "in fail" in caught.value.__notes__[0]
    with pytest.raises(RuntimeError, match="OddError: ab"):
        dict(executor.run(fail, ["odd", "odd"], COMMON))
    with pytest.raises(TypeError, match="pickle"):
        dict(executor.run(echo, [(i for i in ""), 2], COMMON))
    assert dict(executor.run(wait, [0, 0], COMMON)) == {0: 0, 1: 0}


def test_an_answer_that_cannot_be_read_is_raised_and_not_waited_for(executor):
    with pytest.raises(MemoryError, match="the answer is too large"):
        list(executor.run(unreadable, [1, 2], COMMON))


def test_workers_of_another_common_are_new(executor):
    first = set(dict(executor.run(pid, range(4), COMMON)).values())
    assert set(dict(executor.run(pid, range(4), COMMON)).values()) <= first
    second = set(dict(executor.run(pid, range(4), ("another",))).values())
    assert first.isdisjoint(second)
    assert all(map(gone, first))


@pytest.mark.parametrize("jobs", [0, -1, 1.5, "2", None])
@pytest.mark.usefixtures("unchecked_types")
def test_jobs_is_a_number_of_workers(jobs):
    with pytest.raises(ParameterError, match="`jobs` parameter of LocalExecutor must be an int"):
        LocalExecutor(jobs)


@unix
def test_a_worker_that_is_killed(executor):
    answers = executor.run(pid_after, [0, 5, 5], COMMON)
    _, process = next(answers)
    os.kill(process, signal.SIGKILL)
    with pytest.raises(WorkerError, match=r"ended before its run did.*fewer `jobs`"):
        list(answers)


def test_no_process_can_be_started(executor, monkeypatch):
    def none(*_, **__):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", none)
    with pytest.raises(WorkerError, match=r"cannot be started \(.*unavailable\).*fewer `jobs`"):
        dict(executor.run(pid, [1, 2], COMMON))


@pytest.mark.parametrize(
    ("jobs", "n_jobs", "free", "number", "sentence"),
    [
        (
            24,
            6,
            99e9,
            6,
            "6 processes work instead of the 24 asked for by `jobs`: there are 6 jobs",
        ),
        (24, 6, 3.4e9, 3, "3 processes work instead of the 24.*3.4 GB of memory are free"),
        (2, 6, 1.9e9, 1, "1 process works instead of the 2.*1.9 GB of memory are free"),
        (2, 6, 0.0, 1, "1 process works instead of the 2.*0.0 GB"),
        (3, 1, 99e9, 1, "1 process works instead of the 3.*there is one job to do"),
        (2, 6, 2e9, 2, None),
        (1, 6, 0.0, 1, None),
        (10**9, 2, 99e9, 2, "2 processes work instead of the 1000000000"),
    ],
)
def test_never_more_than_jobs_and_memory_allow(monkeypatch, jobs, n_jobs, free, number, sentence):
    started = []

    class Fake(Worker):
        def __init__(self, shared, environment):
            started.append(environment["OMP_NUM_THREADS"])

        def ask(self, request):
            return True, None

        def end(self):
            pass

    monkeypatch.setattr(_local_executor, "Worker", Fake)
    monkeypatch.setattr(_local_executor, "free_memory", lambda: free)
    notes = []
    executor = LocalExecutor(jobs, notes.append)
    assert len(dict(executor.run(wait, [0] * n_jobs, COMMON))) == n_jobs
    dict(executor.run(wait, [0], COMMON))
    assert len(started) == (number if number > 1 else 0)
    assert len(notes) == (sentence is not None)
    if sentence is not None:
        assert re.match(sentence, notes[0])


@pytest.fixture
def joined(monkeypatch):
    """This process and one that joins it, on however many cores."""
    monkeypatch.setattr(_helpers, "_PATIENCE", 0.02)
    monkeypatch.setattr(_local_executor, "cpu_count", lambda: 2)
    with LocalExecutor("auto") as executor:
        yield executor


@pytest.mark.slow
def test_auto_works_here_and_others_join_where_jobs_take_long(joined):
    n_jobs = 60
    found = dict(joined.run(pid_after, [0.1] * n_jobs, COMMON))
    processes = set(found.values())
    assert sorted(found) == list(range(n_jobs))
    assert os.getpid() in processes
    assert len(processes) == 2
    again = set(dict(joined.run(pid_after, [0.05] * 20, COMMON)).values())
    assert again == processes
    joined.close()
    assert all(map(gone, processes - {os.getpid()}))


def test_auto_starts_no_process_for_jobs_that_are_soon_done(joined, monkeypatch):
    monkeypatch.setattr(_helpers, "_PATIENCE", 60.0)
    found = dict(joined.run(pid_after, [0.0] * 10, COMMON))
    assert set(found.values()) == {os.getpid()}
    assert joined._workers == []


def test_an_error_where_auto_works_ends_the_run(joined):
    with pytest.raises(ValueError, match="no such job"):
        list(joined.run(fail, ["x"], COMMON))
    assert dict(joined.run(echo, ["a"], COMMON)) == {0: ("a", COMMON)}


def test_auto_goes_on_alone_where_no_process_can_be_started(joined, monkeypatch):
    def none(*_, **__):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", none)
    found = dict(joined.run(pid_after, [0.05] * 4, COMMON))
    assert set(found.values()) == {os.getpid()}
