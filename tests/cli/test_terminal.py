"""Ctrl-C on a real terminal, at random moments: one last line, and nothing of any library."""

import os
import random
import select
import signal
import sys
import time

import pytest
from cli_tables import COMMAND, census, write_csv

pty = pytest.importorskip("pty", reason="terminals of Unix")
SECONDS = 12


# From Python 3.12 on, forking beside threads warns; the child starts another program at once.
@pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_ctrl_c_with_two_jobs(tmp_path, seed):
    write_csv(tmp_path / "t.csv", census(200))
    command = (
        *COMMAND, "compare", "t.csv", "-t", "income:binary", "-t", "score:regression",
        "-m", "hard_sharing", "--steps", "2000", "--seeds", "4", "--jobs", "2", "--out", "out",
    )  # fmt: skip
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(tmp_path)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execv(sys.executable, command)
    pressed = time.monotonic() + random.Random(seed).uniform(1, SECONDS)
    said = b""
    while True:
        if select.select([terminal], [], [], 0.02)[0]:
            try:
                said += os.read(terminal, 65_536)
            except OSError:  # its other end is closed
                break
        if time.monotonic() >= pressed:
            pressed = float("inf")
            os.write(terminal, b"\x03")
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    text = said.decode()
    assert os.waitstatus_to_exitcode(status) == 130, text
    assert "interrupted" in text.splitlines()[-1]
    assert not any(
        word in text for word in ("Traceback", "Error", "Warning", "Exception", "leaked")
    )
