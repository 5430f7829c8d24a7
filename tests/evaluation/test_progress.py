"""How far a comparison is: a bar on a terminal, lines elsewhere, one line in a notebook."""

import io
import sys
import time
from dataclasses import replace

import pytest
from fakes_evaluation import Apart, Together, table

from polytask.evaluation import RunRecord, RunSpec, compare, progress_at_once
from polytask.evaluation.running import _run_progress
from polytask.evaluation.running._run_progress import Notes, progress_bar, run_progress

SPEC = RunSpec("d", {"fold": 0}, {}, "linear", 1, {}, {})
RECORD = RunRecord(SPEC, {}, seconds=3.2, settings={"alpha": 0.1})


@pytest.fixture
def clock(monkeypatch):
    """A clock that is moved by hand."""
    now = [100.0]
    monkeypatch.setattr(_run_progress.time, "monotonic", lambda: now[0])

    def move(seconds):
        now[0] += seconds

    return move


def test_a_line_for_every_run_with_the_time_left(capsys, clock):
    with progress_at_once(), run_progress(4, quiet=False) as progress:
        progress.known(RECORD)
        for _ in range(3):
            clock(30)
            progress.fitted(RECORD)
    assert capsys.readouterr().err.splitlines() == [
        "1 of 4 runs were done before",
        "fitted 2 of 4: linear (alpha=0.1), seed 1, 3.2 s; about 60 s left",
        "fitted 3 of 4: linear (alpha=0.1), seed 1, 3.2 s; about 30 s left",
        "fitted 4 of 4: linear (alpha=0.1), seed 1, 3.2 s",
    ]


def test_the_first_seconds_are_silent_and_not_forgotten(capsys, clock):
    with run_progress(3, quiet=False) as progress:
        clock(0.9)
        progress.fitted(RECORD)
        assert capsys.readouterr().err == ""
        clock(1.1)
        progress.fitted(RECORD)
        assert len(capsys.readouterr().err.splitlines()) == 2
        clock(0.1)
        progress.fitted(RECORD)
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_line_where_no_run_ends_for_long(capsys, monkeypatch):
    monkeypatch.setattr(_run_progress, "_MOST_SILENCE", 0.2)
    with run_progress(3, quiet=False) as progress:
        progress.known(RECORD)
        time.sleep(0.5)
    said = capsys.readouterr().err.splitlines()
    assert said
    assert {line.rpartition(" after ")[0] for line in said} == {"fitting: 1 of 3 runs have ended"}
    time.sleep(0.3)  # nothing is written once it is closed, nor where it is quiet
    with run_progress(3, quiet=True):
        time.sleep(0.3)
    assert capsys.readouterr().err == ""


def test_names_of_learners_are_no_markup(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress_bar(1, "testing", quiet=False) as advance:
        advance("net [/x]")
    assert "[/x]" in capsys.readouterr().err


def test_a_quick_comparison_says_nothing(capsys, clock):
    with run_progress(1, quiet=False) as progress:
        progress.fitted(RECORD)
    assert capsys.readouterr() == ("", "")


def test_quiet(capsys, clock):
    with progress_at_once(), run_progress(1, quiet=True) as progress:
        clock(9)
        progress.fitted(RECORD)
    Notes(quiet=True)("kept")
    assert capsys.readouterr() == ("", "")


def test_a_run_without_a_model_and_a_fold(capsys, clock):
    record = replace(RECORD, failure="x", settings={}, spec=replace(SPEC, split={"fold": 2}))
    with progress_at_once(), run_progress(1, quiet=False) as progress:
        progress.fitted(record)
    assert capsys.readouterr().err == "fitted 1 of 1: linear, seed 1, fold 2, no model\n"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"), (9.94, "9.9 s"), (10.4, "10 s"), (119, "119 s"), (120, "2 min"),
        (7100, "118 min"), (7199, "120 min"), (7200, "2.0 h"), (35_900, "10.0 h"), (36_000, "10 h"),
        (172_799, "48 h"), (172_800, "2.0 days"), (180_000, "2.1 days"),
        (864_000, "10 days"),
    ],
)  # fmt: skip
def test_times(seconds, words):
    assert _run_progress._duration(seconds) == words


class Notebook(io.StringIO):
    """The stderr of a notebook."""


Notebook.__module__ = "ipykernel.iostream"


def test_a_notebook_has_one_line(monkeypatch, clock):
    stream = Notebook()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_at_once(), run_progress(2, quiet=False) as progress:
        clock(10)
        progress.fitted(RECORD)
        progress.fitted(replace(RECORD, settings={}))
    first, second = stream.getvalue().split("\r")[1:]
    assert first == "fitted 1 of 2: linear (alpha=0.1), seed 1, 3.2 s; about 10 s left"
    assert second.rstrip(" \n") == "fitted 2 of 2: linear, seed 1, 3.2 s"
    assert len(second) == len(first) + 1
    assert second.endswith("\n")


class Terminal(io.StringIO):
    """The stderr of a terminal."""

    def isatty(self):
        return True


def test_a_terminal_has_a_bar(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with run_progress(2, quiet=False) as progress:
        progress.known(RECORD)
        progress.fitted(RECORD)
    assert "2/2" in stream.getvalue()
    assert "fitted" not in stream.getvalue()


def test_no_stderr_at_all(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with progress_at_once(), run_progress(1, quiet=False) as progress:
        progress.fitted(RECORD)
    Notes(quiet=False)("nobody hears it")


def test_a_comparison_says_how_far_it_is(capsys, tmp_path):
    with progress_at_once():
        compare(table(), Apart(alphas=(1.0,)), seeds=2, out=tmp_path)
        assert capsys.readouterr().err.splitlines()[1].startswith("fitted 2 of 4: apart")
        compare(table(), Together(alphas=(1.0,)), seeds=2, out=tmp_path)
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "4 of 6 runs were done before"  # the constant's too
    assert len(said) == 3


@pytest.mark.slow
def test_fewer_workers_are_said(capsys, monkeypatch):
    found = compare(table(), Apart(alphas=(1.0,)), seeds=1, jobs=24)
    sentence = "2 processes work instead of the 24 asked for by `jobs`: there are 2 jobs to do."
    assert found.remarks == (sentence,)
    assert f"note: {sentence}\n" in capsys.readouterr().err


def test_nothing_to_do_has_no_bar(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_bar(0, "testing", quiet=False), run_progress(0, quiet=False):
        pass
    assert stream.getvalue() == ""
