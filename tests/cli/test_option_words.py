"""Refusals speak of the options that were typed, and leave nothing behind."""

import functools
import inspect
import re

import pytest

from polytask.cli._app import app
from polytask.cli._option_words import in_options, option_flags, speaking_of_options
from polytask.exceptions import MissingDependencyError, ParameterError

COMMANDS = {
    info.callback.__name__: inspect.unwrap(info.callback) for info in app.registered_commands
}
FLAGS = {name: option_flags(command) for name, command in COMMANDS.items()}
BASE = {"--target": "income:binary", "--steps": 2, "--seeds": 1, "--jobs": 1}
FREE = {"--out", "--trust", "--missing", "--drop"}
"""Options of which nothing that is typed here can be wrong."""


def said(command, error, **typed):
    """What a command says of an error."""

    @functools.wraps(COMMANDS[command])
    def failing(**given):
        raise error

    with pytest.raises(type(error)) as caught:
        speaking_of_options(failing)(**typed)
    return str(caught.value)


@pytest.mark.parametrize("command", FLAGS)
@pytest.mark.parametrize("error", [ParameterError, MissingDependencyError])
def test_the_parameter_of_every_option_is_said_as_its_flag(command, error):
    for parameter, flag in FLAGS[command].items():
        owner, _, name = parameter.rpartition(".")
        sentence = f"The `{name}` parameter of {owner or 'the command line'} must be an int."
        assert said(command, error(sentence)) == f"{flag} must be an int."
        if not owner:
            assert said(command, error(f"Give `{name}`.")) == f"Give {flag}."


def test_settings_of_methods_and_cells_are_said_as_they_are():
    sentence = "The `engine` parameter of Trainer must be 'auto'. Leave '`out`' and `widths`."
    assert said("compare", ParameterError(sentence)) == sentence
    assert said("compare", ParameterError(sentence), engine="x").startswith("--engine must")
    sentence = "The `seeds` parameter of a/study.yaml must be an int."
    assert said("compare", ParameterError(sentence)) == sentence
    assert in_options("Give `out`.") == "Give `out`."  # outside a command, as in Python


def _cases():
    """Every option that takes a value, with the first command that has it."""
    known = {}
    for command in ("compare", "tune", "analyze", "group", "fit"):
        for name, metadata in COMMANDS[command].__annotations__.items():
            flag = FLAGS[command].get(name)
            if flag is not None and "bool" not in metadata and flag not in FREE:
                known.setdefault((metadata, flag), (command, flag))
    return list(known.values())


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(("command", "flag"), _cases())
def test_a_wrong_value_of_every_option_is_refused_in_its_own_words(polytask, table, command, flag):
    base = {
        key: value for key, value in BASE.items() if key != flag and key in FLAGS[command].values()
    }
    base = [word for pair in base.items() for word in pair]
    ran = polytask(command, table, *base, "-t", "married:binary", flag, "-1")
    if "Invalid value" in ran.err:
        pytest.fail(ran.err)
    assert ran.status == 2, ran.out
    sentence = ran.err.rpartition("error: ")[2]
    assert re.search(rf"{flag}|-1\b", sentence), ran.err
    assert "`" not in sentence
    assert "is kept in" not in ran.err
    assert [path.name for path in table.parent.iterdir()] == [table.name]
