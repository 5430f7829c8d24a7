"""The page on balancing: its code runs, from top to bottom, and its names exist."""

import re
from pathlib import Path

import pytest
import torch

import polytask.aggregation
import polytask.gradients
import polytask.processes
import polytask.sampling
import polytask.weighting
from polytask.aggregation import AmortisedAggregator, Property
from polytask.gradients import ENGINES

PAGE = (Path(__file__).parents[2] / "docs" / "balancing.md").read_text(encoding="utf-8")
CODE = [
    ("\n" * PAGE[: found.start(1)].count("\n"), found[1])
    for found in re.finditer(r"```python\n(.*?)```", PAGE, re.DOTALL)
]
ROOMS = (
    polytask.aggregation,
    polytask.processes,
    polytask.sampling,
    polytask.weighting,
)


@pytest.fixture
def one_process(tmp_path):
    """A group of processes that is this one alone."""
    distributed = torch.distributed
    meeting = f"file://{tmp_path / 'meeting'}"
    distributed.init_process_group("gloo", init_method=meeting, rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@pytest.mark.parametrize("torchjd", [False, True])
def test_code_runs(torchjd, one_process, tmp_path, monkeypatch, capsys):
    if torchjd:
        pytest.importorskip("torchjd")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    chosen = [one for one in CODE if torchjd == ("torchjd" in one[1])]
    setting = [one for one in CODE if "def losses_of" in one[1]] if torchjd else []
    for lines, block in setting + chosen:
        exec(compile(lines + block, "docs/balancing.md", "exec"), names)
    assert torchjd or "digit" in capsys.readouterr().out


def test_every_class_that_is_named_exists():
    public = {name for room in ROOMS for name in room.__all__} | {*polytask.gradients.__all__}
    public |= {
        "DistributedDataParallel",
        "COSMOS",
        "ParetoHyperNetwork",
        "SingleTask",
        "Trainer",
        "CPUs",
        "GPUs",
        "UnitLengths",
        "INFO",
        "PYTHONPATH",
    }
    named = set(re.findall(r"`([A-Z][A-Za-z]+)(?:\(.*?\))?`", PAGE))
    assert len(named) > 10
    assert named <= public


def test_the_engines_are_those_there_are():
    named = re.findall(r'^\| `"(\w+)"` \|', PAGE, re.MULTILINE)
    assert set(named) == set(ENGINES.options)


def test_those_that_can_carry_their_weights_are_named():
    (sentence,) = re.findall(r"- `MGDA\(amortised=True\)`(.*?)carry", PAGE, re.DOTALL)
    things = {name: getattr(polytask.aggregation, name) for name in polytask.aggregation.__all__}
    able = {
        name
        for name, thing in things.items()
        if thing is not Property
        and issubclass(thing, AmortisedAggregator)
        and thing is not AmortisedAggregator
    }
    assert {"MGDA", *re.findall(r"`(\w+)`", sentence)} == able


def anchors(page):
    """What GitHub makes of the headings."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", ["README.md", "balancing.md", "methods.md"])
def test_links_lead_somewhere(name):
    docs = Path(__file__).parents[2] / "docs"
    links = re.findall(r"\]\(([^)#]*)#?([^)]*)\)", (docs / name).read_text(encoding="utf-8"))
    assert links
    for target, anchor in links:
        page = docs / (target or name)
        assert page.exists()
        assert not anchor or anchor in anchors(page)
