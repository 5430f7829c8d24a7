"""A worker process ends with its parent, in whatever way and at whatever moment that ends."""

import os
import pickle
import signal
import subprocess
import sys
import time

import pytest
from fakes_workers import gone

from polytask._workers import Worker

# Two workers that say who they are and then sleep.
SCRIPT = """
import os, pickle, sys, threading, time
import cloudpickle
from polytask._workers import Worker
def work(job, shared):
    with open(f"{job}", "w") as file:
        file.write(str(os.getpid()))
    time.sleep(60)
workers = [Worker(pickle.dumps(None), {}) for _ in range(2)]
for job, worker in enumerate(workers):
    print(worker._process.pid, flush=True)
    request = cloudpickle.dumps((work, job))
    threading.Thread(target=worker.ask, args=(request,), daemon=True).start()
time.sleep(60)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["starting", "working"])
def test_workers_end_with_their_parent(tmp_path, how, moment):
    (tmp_path / "script.py").write_text(SCRIPT)
    with subprocess.Popen(
        [sys.executable, "script.py"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as parent:  # fmt: skip
        orphans = [int(parent.stdout.readline()) for _ in range(2)]
        while moment == "working" and not all((tmp_path / name).exists() for name in "01"):
            assert parent.poll() is None
            time.sleep(0.005)
        parent.send_signal(how)
        assert parent.wait(10) == -how
        assert all(gone(orphan) for orphan in orphans)
        assert parent.stderr.read() == ""


def test_a_closed_pipe_ends_a_worker_where_no_kernel_does():
    worker = Worker(pickle.dumps(None), {})
    assert worker.ask(pickle.dumps((max, 3)))[0] is False
    worker._process.stdin.close()
    assert worker._process.wait(10) == 1
    worker.end()


def test_a_worker_ends_with_its_object():
    worker = Worker(pickle.dumps(2), {})
    assert worker.ask(pickle.dumps((pow, 5))) == (True, 25)
    process = worker._process.pid
    del worker
    assert gone(process)
