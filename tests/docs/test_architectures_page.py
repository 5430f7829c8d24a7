"""The page on architectures: its code is one file that runs, its first class is the library's own."""

import inspect
import re
import shlex
import sys
from pathlib import Path

import pytest
from cli_tables import write_houses

import polytask.architectures
from polytask import _local_modules
from polytask._naming import public_classes
from polytask.architectures import _hard_sharing
from polytask.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "architectures.md").read_text(encoding="utf-8")
*FILE, TRIAL = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the page's file lies, and can be imported."""
    place = tmp_path_factory.mktemp("page")
    (place / "my_networks.py").write_text("\n\n".join(FILE))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.syspath_prepend(place)
        yield place
    sys.modules.pop("my_networks", None)


def test_the_first_class_is_the_librarys_own():
    assert FILE[1].strip() == inspect.getsource(_hard_sharing.HardSharingNetwork).strip()


@pytest.mark.slow
def test_its_blocks_are_a_file_that_runs(folder, capsys):
    exec(compile(TRIAL, "docs/architectures.md", "exec"), {"__name__": "page"})
    said = capsys.readouterr().out
    assert "weighed_stages" in said
    assert "single_task" in said
    assert (folder / "runs" / "mine" / "comparison.json").exists()
    assert polytask.load("model", trusted="my_networks").name == "weighed_stages+pc_grad"


COMMANDS = [
    shlex.split(line)[1:] for line in re.findall(r"^(polytask \w+ .*)$", PAGE, re.MULTILINE)
]
QUICK = {"fit": ["--steps", "2"], "compare": ["--steps", "2", "--seeds", "1", "--trials", "1"]}


@pytest.mark.parametrize(
    "commands", [COMMANDS[1:], pytest.param(COMMANDS[:1], marks=pytest.mark.slow)]
)
def test_its_commands_run_where_its_file_lies(commands, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_local_modules, "_FOLDERS", {})
    code = re.sub(r"^check_architecture\(.*\)$", "", "\n\n".join(FILE), flags=re.MULTILINE)
    (tmp_path / "my_networks.py").write_text(code)
    for name in ("houses.csv", "new.csv"):
        write_houses(tmp_path / name)
    for command in commands:
        sys.modules.pop("my_networks", None)
        with pytest.raises(SystemExit) as end:
            main([*command, *QUICK.get(command[0], [])])
        assert not end.value.code, capsys.readouterr().err
    sys.modules.pop("my_networks", None)


RECIPES = public_classes("polytask.architectures", polytask.architectures.Architecture)
NAMES = set(polytask.architectures.__all__) - {*RECIPES, "Architecture", "MultiTaskModule", "Raw"}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_piece_has_a_row(name):
    rows = re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)
    assert any(f"`{name}`" in row for row in rows)
