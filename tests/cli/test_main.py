import importlib.metadata
import subprocess

import pytest
from cli_tables import COMMAND


def test_help_names_the_commands(polytask):
    ran = polytask("--help")
    assert ran.status == 0
    for command in ("compare", "fit", "predict", "methods", "datasets"):
        assert command in ran.out


@pytest.mark.parametrize("command", ["compare", "fit", "predict", "methods", "datasets"])
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
