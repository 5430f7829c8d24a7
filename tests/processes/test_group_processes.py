"""Process groups of torch, and the room that alone knows of them."""

import ast
from pathlib import Path

import pytest
import torch
from fakes_processes import together
from torch import distributed

import polytask
from polytask.exceptions import ParameterError
from polytask.processes import GroupProcesses, OneProcess, as_processes, differing_ranks
from polytask.testing import check_processes

PACKAGE = Path(polytask.__file__).parent


@pytest.fixture
def group(tmp_path):
    """A group of processes that is this one alone."""
    meeting = f"file://{tmp_path / 'meeting'}"
    distributed.init_process_group("gloo", init_method=meeting, rank=0, world_size=1)
    yield distributed.group.WORLD
    distributed.destroy_process_group()


def test_a_group_of_torch_passes_the_check(group):
    check_processes(GroupProcesses())
    check_processes(as_processes(group))


def test_a_group_must_be_initialised():
    with pytest.raises(ParameterError, match=r"Call torch.*init_process_group first"):
        GroupProcesses()


def test_other_objects_are_no_processes():
    assert isinstance(as_processes(OneProcess()), OneProcess)
    with pytest.raises(ParameterError, match="The `group` parameter of backward must be Processes"):
        as_processes(object())


def test_values_that_differ_are_named_with_their_rank():
    def differing(processes):
        seed = 1 if processes.rank == 2 else 0
        return differing_ranks(processes, {"tasks": ["a"], "seed": seed})

    assert together(3, differing) == [{"seed": 2}] * 3


def imports_distributed(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names.add(f"{node.value.id}.{node.attr}")
    return any(name.startswith(("torch.distributed", "distributed.")) for name in names)


def test_one_room_alone_uses_process_groups():
    users = {path for path in PACKAGE.rglob("*.py") if imports_distributed(path)}
    assert {path.parent for path in users} == {PACKAGE / "processes"}


def test_sums_leave_graphs_and_strides_alone(group):
    values = torch.arange(6.0, requires_grad=True)
    total = as_processes(group).sum(values[::2])
    assert total.tolist() == [0.0, 2.0, 4.0]
    assert not total.requires_grad
