import os
import signal

import pytest

from polytask.evaluation.running._workers import Workers

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals cannot be held on Windows")


def test_ctrl_c_reaches_the_workers_only_by_way_of_the_main_process():
    workers = Workers((), 2)
    try:
        found = dict(workers.run(signal.pthread_sigmask, [signal.SIG_BLOCK] * 3))
    finally:
        workers.close()
    assert all(signal.SIGINT in held for held in found.values())
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
