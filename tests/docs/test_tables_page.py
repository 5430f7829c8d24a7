"""The page on reading tables: its code runs, and its options are those of the commands."""

import inspect
import re
from pathlib import Path

import pytest

import polytask
from polytask.cli._settings import FitSettings
from polytask.data import open_table, read_table

PAGE = (Path(__file__).parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(--[^|]*)` \| `([^|]*)` \| `([^|]*)` \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_code_runs(block):
    exec(compile(block, "docs/tables.md", "exec"), {})


@pytest.mark.parametrize(("option", "setting", "argument"), ROWS)
def test_the_three_names_exist(option, setting, argument):
    name = option.split()[0].removeprefix("--").replace("-", "_")
    assert setting.split(":")[0] == name
    assert name in FitSettings.model_fields
    for function in (polytask.read, open_table):
        assert argument.split("=")[0] in inspect.signature(function).parameters
    if name != "column":
        assert name in inspect.signature(read_table).parameters


def test_all_options_are_there():
    assert len(ROWS) == 6
