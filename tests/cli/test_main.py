import importlib.metadata
import subprocess
from pathlib import Path

import pytest
from cli_tables import COMMAND

from polytask.exceptions import DiskError, OutputError, WorkerError


def test_help_names_the_commands(polytask):
    ran = polytask("--help")
    assert ran.status == 0
    for command in ("compare", "tune", "analyze", "group", "fit", "predict", "methods", "datasets"):
        assert command in ran.out


@pytest.mark.parametrize(
    "command", ["compare", "tune", "analyze", "group", "fit", "predict", "methods", "datasets"]
)
def test_every_command_has_help_with_an_example(polytask, command):
    ran = polytask(command, "-h")
    assert ran.status == 0
    assert f"polytask {command} " in ran.out


def test_version(polytask):
    assert polytask("--version").out.strip() == importlib.metadata.version("polytask")


def test_no_command_shows_the_help(polytask):
    ran = polytask()
    assert ran.status == 2
    assert "compare" in ran.out + ran.err


def test_an_unknown_command_is_a_users_error(polytask):
    ran = polytask("comprae")
    assert ran.status == 2
    assert "No such command 'comprae'" in ran.err


def test_an_unknown_option_is_a_users_error(polytask):
    ran = polytask("compare", "--tragets", "x")
    assert ran.status == 2
    assert "No such option: --tragets" in ran.err


def test_a_users_error_is_one_line_without_traceback(polytask):
    ran = polytask("datasets", "dgits")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "error: There is no data set named 'dgits'. Did you mean 'digits'?\n"


def test_polytask_debug_shows_the_traceback(polytask, monkeypatch):
    monkeypatch.setenv("POLYTASK_DEBUG", "1")
    ran = polytask("datasets", "dgits")
    assert ran.status == 2
    assert "Traceback" in ran.err
    assert ran.error == "error: There is no data set named 'dgits'. Did you mean 'digits'?"


def test_what_the_system_refuses_is_one_line_too(polytask, tmp_path):
    (tmp_path / "file").write_text("")
    ran = polytask("datasets", "digits", "--out", "file/digits.csv")
    assert ran.status == 2
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    assert "file" in ran.err


def test_a_closed_pipe_ends_without_a_word():
    with subprocess.Popen(
        [*COMMAND, "datasets"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode != 2


def test_a_home_folder_that_the_shell_left(polytask, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert polytask("datasets", "digits", "--out=~/digits.csv").status == 0
    assert (tmp_path / "home" / "digits.csv").exists()
    assert not (tmp_path / "~").exists()
    ran = polytask("datasets", "digits", "--out=~nobody-of-this-name/digits.csv")
    assert ran.status == 2
    assert "names a user that is not there" in ran.error


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize(
    "command",
    [pytest.param(("methods",), marks=pytest.mark.slow), ("--version",), ("datasets",)],
)
def test_a_standard_output_that_is_full(command):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [*COMMAND, *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error: Standard output")
    assert "no space is left on the disk. Make room" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (MemoryError("Unable to allocate 8 TiB"), 1, "The memory does not suffice (Unable to a"),
        (MemoryError(), 1, "The memory does not suffice (nothing is left). Use fewer rows"),
        (
            RuntimeError("CPUAllocator: can't allocate memory: you tried to allocate 128 bytes. E"),
            1,
            "The memory does not suffice (tried to allocate 128 bytes). Use fewer rows, smaller",
        ),
        (
            RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has 1 GiB."),
            1,
            "The memory does not suffice (Tried to allocate 2.00 GiB). Use fewer rows",
        ),
        (WorkerError("A worker ended."), 1, "error: A worker ended."),
        (DiskError("x cannot be written."), 1, "error: x cannot be written."),
        (OutputError("x cannot be written."), 2, "error: x cannot be written."),
        (PermissionError(13, "denied", "x.csv"), 2, "error: x.csv: permission is denied"),
        (OSError(5, "I/O"), 1, "error: Standard output or a file cannot be written: the disk"),
        (OSError(11, "Try again"), 1, "error: Standard output or a file cannot be written: Try"),
    ],
)
def test_every_error_has_its_status(polytask, monkeypatch, error, status, words):
    def fail(*_):
        raise error

    monkeypatch.setattr("polytask.cli._datasets.catalogue", fail)
    ran = polytask("datasets")
    assert (ran.status, ran.out) == (status, "")
    assert words in ran.err
    assert len(ran.err.splitlines()) == 1
