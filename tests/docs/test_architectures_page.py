"""The page on architectures: its code runs, and its first class is the library's own."""

import inspect
import re
from pathlib import Path

import pytest

import polytask.architectures
from polytask.architectures import _hard_sharing

PAGE = (Path(__file__).parents[2] / "docs" / "architectures.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_first_class_is_the_librarys_own():
    assert CODE[0].strip() == inspect.getsource(_hard_sharing.HardSharingNetwork).strip()


def test_code_runs():
    names = {**vars(_hard_sharing), "__name__": "page"}
    exec("import torch\nfrom torch import nn\nfrom polytask.architectures import owned_by", names)
    for block in CODE:
        exec(compile(block, "docs/architectures.md", "exec"), names)


@pytest.mark.parametrize("name", ["Inputs", "Stages", "Copies", "Mixture", "Heads", "seeded"])
def test_every_piece_has_a_row(name):
    assert f"| `{name}` |" in PAGE
    assert name in polytask.architectures.__all__
