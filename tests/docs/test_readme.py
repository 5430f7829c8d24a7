"""The README speaks of commands and options that exist, and its code runs."""

import random
import re
import shlex
from pathlib import Path

import pytest
import torch
from torch import nn

from polytask.cli import main
from polytask.cli._rooms import ROOMS

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


@pytest.mark.parametrize("side", ["-", "+"])
def test_the_loop_runs_before_and_after(side):
    (diff,) = re.findall(r"```diff\n(.*?)```", PAGE, re.DOTALL)
    lines = [line[1:] for line in diff.splitlines() if line[:1] in {" ", "", side}]
    torch.manual_seed(0)
    trunk, heads = nn.Linear(3, 4), nn.ModuleList([nn.Linear(4, 1), nn.Linear(4, 1)])
    optimizer = torch.optim.SGD([*trunk.parameters(), *heads.parameters()], lr=0.1)
    batches = [(torch.randn(8, 3), torch.randn(2, 8, 1)) for _ in range(3)]
    loss, before = nn.MSELoss(), trunk.weight.detach().clone()
    names = {"torch": torch, "trunk": trunk, "heads": heads, "loss": loss}
    exec("\n".join(lines), names | {"batches": batches, "optimizer": optimizer})
    assert not torch.equal(trunk.weight, before)


def test_there_are_as_many_methods_as_it_says():
    assert "Over forty" in PAGE
    assert (
        sum(len(room.methods()) for room in ROOMS if room.slot in {"weighting", "aggregation"}) > 40
    )


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
    if "compare(" in block:
        assert (tmp_path / "runs" / "python" / "comparison.json").exists()
