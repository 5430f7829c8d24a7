"""The page on merging: its code runs from top to bottom, and its commands name models."""

import re
from pathlib import Path

import pytest
import torch

from polytask.cli._learners import named_learner
from polytask.merging import Merging

PAGE = (Path(__file__).parents[2] / "docs" / "merging.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_its_code_runs(capsys):
    names = {"__name__": "page"}
    for block in CODE:
        exec(compile(block, "docs/merging.md", "exec"), names)
    assert "100 steps of joint training" in capsys.readouterr().out
    assert issubclass(names["MedianMerging"], Merging)
    heads, networks = names["heads"], names["networks"]
    fresh = {task: head.weight.clone() for task, head in heads.items()}
    names["train"](networks["price"], networks["price"].parameters(), ["price"])
    assert all(torch.equal(head.weight, fresh[task]) for task, head in heads.items())


@pytest.mark.parametrize("name", sorted(set(re.findall(r"--model (\w+) ", PAGE))))
def test_its_models_exist(name):
    assert named_learner(name).name == name
