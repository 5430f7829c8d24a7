"""The README speaks of commands and options that exist, and its code runs."""

import random
import re
import shlex
from pathlib import Path

import pytest

from polytask.cli import main

PAGE = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BASH = "\n".join(re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = sorted({line for line in BASH.splitlines() if line.startswith("polytask ")})


def help_of(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    return capsys.readouterr().out


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_has_its_options(line, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    _, command, *words = shlex.split(line, comments=True)
    known = help_of(command, capsys)
    assert {word for word in words if word.startswith("--")} <= set(re.findall(r"--[a-z-]+", known))


def test_the_table_of_options_is_that_of_compare(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    known = set(re.findall(r"--[a-z-]+", help_of("compare", capsys)))
    named = re.findall(r"^\| (`--.*?) \|", PAGE, re.MULTILINE)
    assert set(re.findall(r"--[a-z-]+", "".join(named))) == known - {"--out", "--quiet", "--help"}


@pytest.mark.slow
@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_code_runs(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw = random.Random(0)
    lines = ["age,income,never_married,split"]
    for row in range(90):
        age = draw.gauss(0, 1)
        part = "test" if row % 3 == 0 else "train"
        lines.append(f"{age:.3f},{int(age > 0)},{int(age + draw.gauss(0, 1) < 0)},{part}")
    for name in ("census.csv", "new.csv"):
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    exec(compile(block, "README.md", "exec"), {})
    assert (tmp_path / "runs" / "python" / "comparison.json").exists()
