"""DSelect-k against its formula, and what its entropy does."""

import math
from dataclasses import replace

import pytest
import torch

from polytask.architectures import DSelectK
from polytask.architectures._smooth_step_mixture import SmoothStepMixture, smooth_step
from polytask.data import encode, fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import ParameterError
from polytask.testing import tiny_dataset
from polytask.training import to_tensors


def mixture(n_bits=2, n_selected=2, gamma=1.0):
    torch.manual_seed(0)
    made = SmoothStepMixture(3, n_bits, n_selected, ("a", "b"), gamma)
    with torch.no_grad():
        made.codes.normal_(std=0.4)
    return made


def step(t, gamma):
    if abs(t) >= gamma / 2:
        return float(t > 0)
    return -2 * t**3 / gamma**3 + 3 * t / (2 * gamma) + 0.5


@pytest.mark.parametrize("gamma", [0.5, 1.0, 3.0])
def test_the_smooth_step_is_the_papers(gamma):
    values = torch.linspace(-2, 2, 41)
    wanted = torch.tensor([step(t, gamma) for t in values.tolist()])
    torch.testing.assert_close(smooth_step(values, gamma), wanted)


def test_gates_are_the_papers_formula():
    made, rows = mixture(n_bits=3, gamma=1.5), torch.randn(5, 3)
    gates = made.gates(rows)
    for k in range(2):
        for n, row in enumerate(rows):
            shares = torch.softmax(made.shares[k] @ row, dim=0)
            wanted = torch.zeros(8)
            for i in range(2):
                bits = [step(t, 1.5) for t in (made.codes[k, i] @ row).tolist()]
                for e in range(8):
                    code = [(e >> (2 - j)) & 1 for j in range(3)]
                    chosen = [b if c else 1 - b for b, c in zip(bits, code, strict=True)]
                    wanted[e] += shares[i].item() * math.prod(chosen)
            torch.testing.assert_close(gates[k, n], wanted)
    torch.testing.assert_close(gates.sum(dim=-1), torch.ones(2, 5))


def test_rows_of_one_task_each_and_some_tasks():
    made, rows, task = mixture(), torch.randn(6, 3), torch.tensor([0, 1, 1, 0, 1, 0])
    every = made.gates(rows)
    torch.testing.assert_close(made.gates(rows, task=task), every[task, torch.arange(6)])
    torch.testing.assert_close(made.gates(rows, members=[1]), every[[1]])


def built(recipe, own_rows=False):
    data = tiny_dataset(["regression"] * 3, own_rows=own_rows)
    schemas = fit_schemas(data)
    network = recipe.build(schemas, data.tasks, 0)
    return network, to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))


def test_the_entropy_makes_gates_choose_few_experts():
    network, batch = built(DSelectK(MLP((4,)), n_experts=8, n_selected=2, entropy=1.0))
    optimizer = torch.optim.Adam(network.mixture.parameters(), lr=0.1)
    first = network.batch_penalty({}, {}, batch)
    assert first.item() == pytest.approx(3 * 2 * math.log(8), rel=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        network.batch_penalty({}, {}, batch).backward()
        optimizer.step()
    chosen = (network.gate_weights(batch)["table"] > 0).sum(dim=-1)
    assert (chosen <= 2).double().mean() > 0.8
    assert network.batch_penalty({}, {}, batch) < 0.1 * first


@pytest.mark.parametrize("own_rows", [False, True])
def test_the_penalty_is_the_entropy_of_each_choice(own_rows):
    network, batch = built(DSelectK(MLP((4,)), n_experts=4, entropy=0.5), own_rows)
    rows, task = network.inputs(batch)["table"].values, batch["table"].task
    chosen = network.mixture.selections(rows)
    wanted = 0.5 * torch.special.entr(chosen).sum(dim=(-2, -1))
    wanted = wanted.sum(dim=1) if task is None else wanted[torch.arange(len(rows)), task]
    torch.testing.assert_close(network.batch_penalty({}, {}, batch), wanted.mean())
    without, _ = built(replace(DSelectK(MLP((4,))), entropy=0.0), own_rows)
    assert without.batch_penalty({}, {}, batch) is None


@pytest.mark.parametrize("own_rows", [False, True])
def test_gates_of_stopped_tasks_are_not_penalised(own_rows):
    network, batch = built(DSelectK(MLP((4,)), n_experts=4, entropy=0.5), own_rows)
    with torch.no_grad():
        network.mixture.codes.normal_(std=0.4)
    rows, task = network.inputs(batch)["table"].values, batch["table"].task
    each = 0.5 * torch.special.entr(network.mixture.selections(rows)).sum(dim=(-2, -1))
    network.stopped = frozenset({"task1"})
    if task is None:
        wanted = (each[:, 0] + each[:, 2]).mean()
    else:
        wanted = each[torch.arange(len(rows)), task][task != 1].mean()
    torch.testing.assert_close(network.batch_penalty({}, {}, batch), wanted)
    network.stopped = frozenset(network.tasks.names)
    assert network.batch_penalty({}, {}, batch) == 0


@pytest.mark.usefixtures("unchecked_types")
def test_experts_are_a_power_of_two():
    with pytest.raises(ParameterError, match=r"`n_experts` parameter of DSelectK must be one of 2"):
        DSelectK(n_experts=6)
