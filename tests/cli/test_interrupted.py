"""Ctrl-C at any moment: a line, status 130, only whole files, and the same command goes on."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from cli_tables import COMMAND, census, write_csv

import polytask as library

# Presses Ctrl-C as soon as a module is being imported or a file lies in the output folder.
SCRIPT = """
import os, signal, sys, threading, time
from pathlib import Path
kind, what = sys.argv.pop(1), sys.argv.pop(1)
def come():
    return what in sys.modules if kind == "module" else any(Path("out").glob(what))
def press():
    while not come():
        time.sleep(0.0005)
    os.kill(os.getpid(), signal.SIGINT)
if __name__ == "__main__":
    threading.Thread(target=press, daemon=True).start()
    from polytask.cli import main
    main()
"""
COMPARE = (
    "compare", "t.csv", "--target", "income:binary", "--target", "score:regression",
    "--model", "hard_sharing", "--steps", "60", "--seeds", "2", "--trials", "1", "--out", "out",
)  # fmt: skip
FIT = ("fit", "t.csv", "--target", "income:binary", "--steps", "60", "--out", "out")


def interrupted(folder, kind, what, command):
    write_csv(folder / "t.csv", census(200))
    (folder / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py", kind, what, *command],
        cwd=folder, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("interrupted")
    return last


def again(folder, command):
    done = subprocess.run(
        [*COMMAND, *command], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def only_whole_files(folder):
    """Every JSON file is whole, every record has its model, and nothing half-written is left."""
    for path in folder.rglob("*"):
        assert not path.name.startswith(".") or path.name == ".lock"
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
    for record in folder.glob("runs/*.json"):
        library.load(record.with_suffix(".model"))


def all_ended(group):
    """Whether no process of the group is left, after a moment for those that clean up."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def without_seconds(values):
    if isinstance(values, dict):
        return {k: without_seconds(v) for k, v in values.items() if not k.startswith("seconds")}
    if isinstance(values, list):
        return [without_seconds(item) for item in values]
    return values


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What the comparison finds when nobody interrupts it."""
    folder = tmp_path_factory.mktemp("whole")
    write_csv(folder / "t.csv", census(200))
    again(folder, COMPARE)
    return json.loads((folder / "out" / "comparison.json").read_text())


slow = pytest.mark.slow


@pytest.mark.parametrize(
    ("kind", "what", "words"),
    [
        pytest.param("module", "typer.main", "interrupted: nothing had begun; run", marks=slow),
        pytest.param("module", "numpy", "interrupted: ", marks=slow),
        pytest.param("module", "torch", "interrupted: no run had begun; runs that", marks=slow),
        pytest.param("module", "polytask.report", "", marks=slow),
        pytest.param("file", "study.json", "no run had ended", marks=slow),
        pytest.param("file", "runs/*.model", "", marks=slow),
        pytest.param("file", "runs/[!.]*.json", "finished run", marks=slow),
        pytest.param("file", "runs/*.test.safetensors", "6 finished runs are kept", marks=slow),
        pytest.param("file", "model", "6 finished runs are kept", marks=slow),
        pytest.param("file", "comparison.json", "6 finished runs are kept", marks=slow),
    ],
)
def test_compare(tmp_path, whole, kind, what, words):
    assert words in interrupted(tmp_path, kind, what, COMPARE)
    only_whole_files(tmp_path / "out")
    again(tmp_path, COMPARE)
    only_whole_files(tmp_path / "out")
    found = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert without_seconds(found) == without_seconds(whole)
    assert (tmp_path / "out" / "report.html").exists()


@pytest.mark.slow
@pytest.mark.parametrize("what", ["torch", "polytask.training", "torch.optim.adam"])
def test_fit(tmp_path, what):
    interrupted(tmp_path, "module", what, FIT)
    assert {path.name for path in tmp_path.iterdir()} == {"t.csv", "script.py"}
    again(tmp_path, FIT)
    assert library.load(tmp_path / "out").tasks.names == ("income",)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="groups of processes are a thing of Unix")
@pytest.mark.parametrize("what", ["study.json", "[!.]*.json"])
def test_workers_end_with_it(tmp_path, what):
    """A terminal sends Ctrl-C to all processes of a group."""
    write_csv(tmp_path / "t.csv", census(200))
    with subprocess.Popen(
        [*COMMAND, *COMPARE, "--jobs", "2"], cwd=tmp_path, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        while not any((tmp_path / "out").rglob(what)):
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("interrupted: ")
    assert all_ended(process.pid)
    again(tmp_path, COMPARE)
    only_whole_files(tmp_path / "out")


@pytest.fixture
def interrupt():
    """A function in whose place Ctrl-C is pressed, also where a shell ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda *_, **__: signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("place", "command", "words"),
    [
        ("_compare.settings", "compare", "nothing had begun; run the same command again."),
        (
            "_compare.read_data",
            "compare",
            "no run had begun; runs that ended before are kept, and the same command goes on.",
        ),
        ("_fit.read_data", "fit", "no model was saved; the same command starts anew."),
        ("_methods.wrapped", "methods", "run the same command again."),
    ],
)
def test_what_is_said_before_anything_has_begun(
    polytask, table, monkeypatch, interrupt, place, command, words
):
    monkeypatch.setattr(f"polytask.cli.{place}", interrupt)
    options = [] if command == "methods" else [table, "-t", "income:binary"]
    ran = polytask(command, *options)
    assert (ran.status, ran.err) == (130, f"interrupted: {words}\n")


def test_runs_of_other_comparisons_in_the_folder_are_not_counted(
    polytask, table, monkeypatch, interrupt
):
    def compare(*options):
        return polytask("compare", table, "-t", "income:binary", "--out", "out", *options)

    assert compare("--model", "linear", "--seeds", 2, "--trials", 1).status == 0
    monkeypatch.setattr("polytask.evaluation._compare.fit_candidates", interrupt)
    assert compare("--model", "constant", "--seeds", 1, "--trials", 1).error == (
        "interrupted: earlier runs are kept in out; the same command goes on from there."
    )
    monkeypatch.undo()
    monkeypatch.setattr("polytask.evaluation._study.conclude", interrupt)
    assert compare("--model", "constant", "--seeds", 1, "--trials", 1).error == (
        "interrupted: 1 finished run is kept in out; the same command goes on from there."
    )
