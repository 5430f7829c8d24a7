"""The page on rare classes and skewed numbers: its code runs."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "rare_and_skewed.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.usefixtures("unchecked_types")  # as users run it
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: str(BLOCKS.index(block)))
def test_code_runs(block):
    exec(compile(block, "docs/rare_and_skewed.md", "exec"), {})
