"""The page on the architecture speaks of what exists."""

import importlib
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text(encoding="utf-8")
PROSE = re.sub(r"```python\n.*?```", "", PAGE, flags=re.DOTALL)
FILES = {
    "balancing.md",
    "census.csv",
    "charts.md",
    "comparison.json",
    "explaining.md",
    "grouping.md",
    "pyproject.toml",
    "report.html",
    "runs.md",
    "tuning.md",
    "verdicts.md",
}
NAMES = sorted(set(re.findall(r"\b([a-z_]+(?:\.[A-Za-z_]\w*)+)", PROSE)) - FILES)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_exists(name):
    room, *parts = name.removeprefix("polytask.").split(".")
    thing = importlib.import_module(f"polytask.{room}")
    assert set(parts[:1]) <= set(thing.__all__)
    for part in parts:
        thing = getattr(thing, part)


def test_many_names_are_found():
    assert len(NAMES) > 30


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_code_runs(block):
    exec(compile(block, "docs/architecture.md", "exec"), {})
