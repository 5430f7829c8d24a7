import os
import re
import signal
import subprocess
import sys

import pytest
from fakes_workers import blocked, echo, fail, gone, pid, pid_after, unreadable, wait

from polytask._processes import Worker
from polytask.evaluation.running import _workers
from polytask.evaluation.running._workers import Workers
from polytask.exceptions import WorkerError

unix = pytest.mark.skipif(os.name == "nt", reason="signals and groups of Unix")


@pytest.fixture
def workers():
    found = Workers(("shared",), 2)
    yield found
    found.close()


@unix
def test_signals_reach_the_workers_only_by_way_of_the_main_process(workers):
    found = dict(workers.run(blocked, [1, 2, 3]))
    assert all({signal.SIGINT, signal.SIGTERM, signal.SIGHUP} <= held for held in found.values())
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_jobs_and_what_they_share(workers):
    assert dict(workers.run(echo, ["a", "b", "c"])) == {
        i: (j, ("shared",)) for i, j in enumerate("abc")
    }
    assert dict(workers.run(echo, [b"x" * 3_000_000] * 2))[1][0] == b"x" * 3_000_000


def test_workers_stay_between_steps_and_end_when_closed(workers):
    first = set(dict(workers.run(pid, range(8))).values())
    assert os.getpid() not in first
    assert set(dict(workers.run(pid, range(8))).values()) <= first
    workers.close()
    assert all(gone(one) for one in first)


@pytest.mark.slow
def test_classes_of_a_script_without_a_guard_work(tmp_path):
    (tmp_path / "script.py").write_text(
        "from polytask.evaluation.running._workers import Workers\n"
        "class Mine:\n    x = 3\n"
        "def work(job, common):\n    return job.x + common\n"
        "print(sorted(Workers(1, 2).run(work, [Mine(), Mine()])))\n"
    )
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[(0, 4), (1, 4)]\n"


def test_errors_come_back_and_end_the_workers(workers):
    with pytest.raises(ValueError, match="no such job") as caught:
        dict(workers.run(fail, [1, 2, 3]))
    assert "in fail" in caught.value.__notes__[0]
    with pytest.raises(RuntimeError, match="OddError: ab"):
        dict(workers.run(fail, ["odd", "odd"]))
    with pytest.raises(TypeError, match="pickle"):
        dict(workers.run(echo, [(i for i in ""), 2]))
    assert dict(workers.run(wait, [0, 0])) == {0: 0, 1: 0}


def test_an_answer_that_cannot_be_read_is_raised_and_not_waited_for(workers):
    with pytest.raises(MemoryError, match="the answer is too large"):
        list(workers.run(unreadable, [1, 2]))


@unix
def test_a_worker_that_is_killed(workers):
    answers = workers.run(pid_after, [0, 5, 5])
    _, process = next(answers)
    os.kill(process, signal.SIGKILL)
    with pytest.raises(WorkerError, match=r"ended before its run did.*fewer `jobs`"):
        list(answers)


def test_no_process_can_be_started(workers, monkeypatch):
    def none(*_, **__):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", none)
    with pytest.raises(WorkerError, match=r"cannot be started \(.*unavailable\).*fewer `jobs`"):
        dict(workers.run(pid, [1, 2]))


@pytest.mark.parametrize(
    ("jobs", "n_jobs", "free", "number", "words"),
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
def test_never_more_than_jobs_and_memory_allow(monkeypatch, jobs, n_jobs, free, number, words):
    started = []

    class Fake(Worker):
        def __init__(self, shared, environment):
            started.append(environment["OMP_NUM_THREADS"])

        def ask(self, request):
            return True, None

        def end(self):
            pass

    monkeypatch.setattr(_workers, "Worker", Fake)
    monkeypatch.setattr(_workers, "free_memory", lambda: free)
    notes = []
    workers = Workers((), jobs, notes.append)
    assert len(dict(workers.run(wait, [0] * n_jobs))) == n_jobs
    dict(workers.run(wait, [0]))
    assert len(started) == (number if number > 1 else 0)
    assert len(notes) == (words is not None)
    if words is not None:
        assert re.match(words, notes[0])
