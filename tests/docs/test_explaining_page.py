"""The page on explaining: its code runs from top to bottom, its commands and names exist."""

import re
import shlex
from pathlib import Path

import pytest

import polytask.analysis
from polytask.cli import main
from polytask.cli._further_analyses import FURTHER

PAGE = (Path(__file__).parents[2] / "docs" / "explaining.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
(BASH,) = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.slow
def test_its_code_runs(capsys):
    names = {"__name__": "page"}
    for block in CODE:
        exec(compile(block, "docs/explaining.md", "exec"), names)
    said = capsys.readouterr().out
    assert "rent looks at" in said
    overlap = names["found"].overlap
    assert overlap[0, 1] > 0.8 > overlap[0, 2]
    assert names["rows"].matrix.shape == (60, 3)


def test_its_commands_have_their_options_and_the_analyses_exist(capsys):
    for line in BASH.splitlines():
        _, command, *words = shlex.split(line, comments=True)
        with pytest.raises(SystemExit):
            main([command, "--help"])
        known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
        assert {word for word in words if word.startswith("--")} <= known
        also = [words[i + 1] for i, word in enumerate(words) if word == "--also"]
        assert also
        assert set(also) <= set(FURTHER)


def test_the_classes_it_names_exist():
    named = {name.partition(".")[0] for name in re.findall(r"`([A-Z][\w.]+)`", PAGE)}
    assert named <= set(polytask.analysis.__all__)
