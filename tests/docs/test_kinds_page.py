"""The page on kinds: its code runs, and its tables list the whole contract."""

import inspect
import re
from pathlib import Path

from polytask.tasks import Kind

PAGE = (Path(__file__).parents[2] / "docs" / "kinds.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
REQUIRED, OPTIONAL = PAGE.split("These have defaults:")


def rows(part):
    """Names in the first column of the tables of a part of the page."""
    cells = re.findall(r"^\| (`.*?) \|", part, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def public():
    return {name for name, _ in inspect.getmembers(Kind) if not name.startswith("_")}


def test_code_runs():
    names = {"__name__": "page"}
    for block in CODE:
        exec(compile(block, "docs/kinds.md", "exec"), names)


def test_what_must_be_written_is_what_is_abstract():
    assert rows(REQUIRED) == set(Kind.__abstractmethods__)


def test_what_has_a_default_is_everything_else():
    attributes = {"name", "counts_cells", "numeric"}
    assert rows(OPTIONAL) == public() - set(Kind.__abstractmethods__) - attributes
