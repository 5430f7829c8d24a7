"""AdaTT: gates over the experts of all tasks beside native ones."""

import pytest
import torch
from fused_towers import Sequences, SmallCNN, built, images, numbers, scores_of, stage_of

from polytask.architectures import AdaTT
from polytask.architectures._adatt import AdaTTUnit
from polytask.data import fit_schemas
from polytask.encoders import MLP, State, mean_pool
from polytask.testing import check_architecture, tiny_dataset

SMALL = MLP((5, 4), activation="tanh")


@pytest.mark.parametrize("n_experts", [1, 2])
@pytest.mark.parametrize(
    ("encoder", "data"), [(SMALL, numbers()), (SmallCNN(), images()), (Sequences(), numbers())]
)
def test_experts_are_fused_as_in_the_paper(encoder, data, n_experts):
    """The authors' formula, expert by expert: gated experts of all tasks, and native ones."""
    network, batch = built(AdaTT(encoder, n_specific=n_experts), data)
    entered = network.inputs(batch)["table"]
    features, mask = [entered.values] * 2, entered.mask
    for stage, copies in enumerate(network.towers):
        unit = network.units[str(stage + 1)]
        experts = []
        for e in range(2 * n_experts):
            fresh = encoder.stages(network.inputs.shape)[stage]
            experts.append(stage_of(copies, e, fresh)(features[e // n_experts]))
        fused = []
        for k in range(2):
            gate = mean_pool(State(features[k], mask)) @ unit.weight[k].T + unit.bias[k]
            gate = gate.softmax(dim=1)
            total = 0.0
            for e, values in enumerate(experts):
                per_row = gate[:, e].view(-1, *[1] * (values.ndim - 1))
                total = total + per_row * values
                if e // n_experts == k:
                    total = total + unit.native[k, e % n_experts] * values
            fused.append(total)
        features = fused
    wanted = scores_of(network, [mean_pool(State(values, mask)) for values in features])
    (scores,) = network(batch).values()
    torch.testing.assert_close(scores, wanted)


def test_one_native_expert_has_weight_one_and_is_not_learned():
    network, _ = built(AdaTT(SMALL), numbers())
    native = network.units["1"].native
    assert not native.requires_grad
    assert built(AdaTT(SMALL, n_specific=3), numbers())[0].units["1"].native.shape == (2, 3)


def test_an_initializer_draws_the_gates_one_by_one():
    recipe, data = AdaTT(MLP((6,)), initializer="orthogonal"), numbers(n_tasks=3)
    unit = recipe.build(fit_schemas(data), data.tasks, 0).units["1"]
    torch.testing.assert_close(unit.weight @ unit.weight.mT, torch.eye(3).expand(3, 3, 3))
    assert not unit.bias.any()


@pytest.mark.parametrize("form", [{}, {"own_rows": True}])
def test_gates_of_the_last_stage(form):
    network, batch = built(AdaTT(SMALL), tiny_dataset(["regression"] * 3, n_rows=20, **form))
    gates = network.gate_weights(batch)["table"]
    assert gates.shape == ((20, 3) if form else (3, 20, 3))
    torch.testing.assert_close(gates.sum(dim=-1), torch.ones(gates.shape[:-1]))
    states = network.advance(1, network.inputs(batch))
    every = network.units["2"].gates(states["table"].values)
    task = batch["table"].task
    torch.testing.assert_close(gates, every[task, torch.arange(20)] if form else every)
    assert built(AdaTT(MLP(())), numbers())[0].gate_weights({}) == {}


def test_a_gate_learns_which_expert_to_read():
    """Both tasks are what the second task's expert knows; the first's gives zeros."""
    torch.manual_seed(0)
    unit = AdaTTUnit(1, 2, 1, ())
    rows = torch.ones(2, 50, 1)
    experts = torch.stack([torch.zeros(50, 1), torch.randn(50, 1)])
    optimizer = torch.optim.SGD(unit.parameters(), lr=2.0)
    for _ in range(100):
        optimizer.zero_grad()
        fused = unit(State(rows), State(experts)).values
        (fused[0] - experts[1]).square().mean().backward()
        optimizer.step()
    assert unit.gates(rows)[0, :, 1].min() > 0.9


def test_networks_of_maps_pass_the_common_checks():
    check_architecture(AdaTT(SmallCNN(), n_specific=2), [images(20)])
