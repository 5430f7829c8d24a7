"""The page on classical models: its code and its command run."""

import re
import shlex
from pathlib import Path

import pytest
from cli_tables import write_houses

from polytask.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "classical.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_its_code_runs_from_top_to_bottom(capsys):
    names = {}
    for block in blocks("python"):
        exec(block, names)  # the page itself
    printed = capsys.readouterr().out
    assert "['east' 'north' 'south' 'west'] (array([0, 1]),)" in printed
    assert "(2, 4)" in printed
    assert "\n['west'] RobustL21Regressor(" in printed
    assert printed.splitlines()[-1] == "True"


def test_its_command_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_houses(tmp_path / "houses.csv")
    (command,) = "".join(blocks("bash")).replace("\\\n", " ").splitlines()
    with pytest.raises(SystemExit) as ended:
        main([*shlex.split(command)[1:], "--seeds", "2", "--quiet"])
    printed = capsys.readouterr().out
    assert not ended.value.code
    assert "l21" in printed
    assert "per_task_l21" in printed
