"""Cross-stitch networks, and what all fused towers have in common."""

from dataclasses import replace

import pytest
import torch
from fused_towers import Sequences, SmallCNN, built, images, numbers, scores_of, tower
from torch import nn

from polytask.architectures import NDDR, AdaTT, CrossStitch, Sluice, SoftSharing
from polytask.architectures._cross_stitch import CrossStitchUnit
from polytask.data import fit_schemas
from polytask.encoders import MLP, MaskedStage, State, mean_pool
from polytask.exceptions import ParameterError
from polytask.testing import check_architecture, tiny_dataset

SMALL = MLP((5, 4), activation="tanh")


def combined(alpha, features):
    """The paper's units, one task and tower after the other."""
    fused = []
    for k in range(len(features)):
        total = 0.0
        for j, values in enumerate(features):
            weight = alpha[k, j]
            if weight.ndim and values.ndim > 3:
                weight = weight.view(-1, 1, 1)
            total = total + weight * values
        fused.append(total)
    return fused


def reference(network, encoder, batch, n_tasks):
    """Features of every task: all towers up to the last unit, then the task's own."""
    (source,) = batch
    entered = network.inputs(batch)[source]
    features = [entered.values] * n_tasks
    towers = [tower(network, encoder, k) for k in range(n_tasks)]
    for stage in range(len(network.towers)):
        features = [towers[k][stage](features[k]) for k in range(n_tasks)]
        if str(stage + 1) in network.units:
            features = combined(network.units[str(stage + 1)].alpha, features)
    for k in range(n_tasks):
        for module in tower(network, encoder, k, "own_towers"):
            features[k] = module(features[k])
    return [mean_pool(State(values, entered.mask)) for values in features]


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("stages", [None, (1,), (2,)])
@pytest.mark.parametrize(
    ("encoder", "data"), [(SMALL, numbers()), (SmallCNN(), images()), (Sequences(), numbers())]
)
def test_towers_are_fused_as_in_the_paper(encoder, data, stages, per_channel):
    recipe = CrossStitch(encoder, stages=stages, per_channel=per_channel)
    network, batch = built(recipe, data)
    wanted = scores_of(network, reference(network, encoder, batch, 2))
    (scores,) = network(batch).values()
    torch.testing.assert_close(scores, wanted)


def test_weights_at_the_start():
    data = numbers(n_tasks=3)
    network = CrossStitch(SMALL, own_weight=0.8).build(fit_schemas(data), data.tasks, 0)
    wanted = torch.full((3, 3), 0.1).fill_diagonal_(0.8)
    for unit in network.units.values():
        torch.testing.assert_close(unit.alpha.detach(), wanted)
    alone = numbers(n_tasks=1)
    network = CrossStitch(SMALL).build(fit_schemas(alone), alone.tasks, 0)
    assert network.units["1"].alpha.item() == 1.0


def test_an_initializer_leaves_the_units_alone():
    data = numbers()
    recipe = CrossStitch(SMALL, per_channel=True, initializer="orthogonal")
    network = recipe.build(fit_schemas(data), data.tasks, 0)
    assert network.units["1"].alpha.unique().numel() == 2


def owned(network, tensor):
    (stated,) = [o for o in network.owners() if o.tensor is tensor]
    return stated.tasks, stated.axis


@pytest.mark.parametrize("stages", [None, (1,)])
def test_what_follows_the_last_unit_belongs_to_single_tasks(stages):
    network, _ = built(CrossStitch(SMALL, stages=stages), numbers())
    last = network.units["1" if stages else "2"]
    assert owned(network, last.alpha) == (("a", "b"), 0)
    assert all(owned(network, p) == (("a", "b"), None) for p in network.towers.parameters())
    assert all(owned(network, p) == (("a", "b"), 0) for p in network.own_towers.parameters())
    assert len(list(network.own_towers.parameters())) == (2 if stages else 0)
    if not stages:
        assert owned(network, network.units["1"].alpha) == (("a", "b"), None)


def test_a_unit_before_the_last_stage_passes_the_common_checks():
    forms = [{"own_rows": True}, {"own_tables": True}]
    data = [tiny_dataset(["regression"] * 2, n_rows=30, **form) for form in forms]
    check_architecture(CrossStitch(SMALL, stages=(1,), per_channel=True), data)


@pytest.mark.parametrize("encoder", [MLP((4, 4)), Sequences()])
@pytest.mark.parametrize("recipe", [AdaTT(), CrossStitch(), CrossStitch(stages=(1,)), Sluice()])
def test_rows_of_one_task_each_have_its_features(recipe, encoder):
    data = tiny_dataset(["regression"] * 3, own_rows=True, n_rows=20)
    network, batch = built(replace(recipe, encoder=encoder), data)
    rows = batch["table"]
    own = network.features(batch)["table"].values
    every = network.features({"table": replace(rows, task=None)})["table"].values
    torch.testing.assert_close(own, every[rows.task, torch.arange(20)])


class Pooled(MaskedStage):
    """The mean over the steps that count."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, state):
        return State(mean_pool(State(self.linear(state.values), state.mask)))


class PooledSequences(Sequences):
    """A stage of sequences, then one that reads the mask."""

    def stages(self, shape):
        return [super().stages(shape)[0], Pooled()]


@pytest.mark.parametrize("stages", [None, (1,)])
def test_a_stage_that_reads_the_mask_runs_in_towers_of_rows_of_one_task_each(stages):
    data = tiny_dataset(["regression"] * 2, own_rows=True, n_rows=20)
    check_architecture(CrossStitch(PooledSequences(), stages=stages), [data])


def test_networks_of_maps_and_masked_sequences_pass_the_common_checks():
    check_architecture(CrossStitch(SmallCNN(), stages=(1,)), [images(30)])
    own_rows = tiny_dataset(["regression"] * 2, own_rows=True)
    check_architecture(CrossStitch(Sequences()), [own_rows])


@pytest.mark.parametrize("recipe", [CrossStitch, NDDR, SoftSharing])
def test_stages_that_repeat_are_refused(recipe):
    sentence = r"`stages` parameter of \w+ must be a tuple of at least 1 different values"
    with pytest.raises(ParameterError, match=sentence):
        recipe(stages=(1, 1))


def test_a_stage_beyond_the_last_is_refused():
    data = numbers()
    sentence = r"`stages` parameter of CrossStitch must be .* between 1 and 2\. Got 3 instead"
    with pytest.raises(ParameterError, match=sentence):
        CrossStitch(SMALL, stages=(1, 3)).build(fit_schemas(data), data.tasks, 0)


def test_a_unit_learns_which_tower_to_read():
    """Both tasks are what the first tower knows; the second gives noise."""
    torch.manual_seed(0)
    towers = torch.randn(2, 100, 1)
    unit = CrossStitchUnit(2, 0.9, None, ())
    optimizer = torch.optim.SGD(unit.parameters(), lr=0.5)
    for _ in range(60):
        optimizer.zero_grad()
        fused = unit(State(towers), State(towers)).values
        (fused - towers[0]).square().mean(dim=(1, 2)).sum().backward()
        optimizer.step()
    wanted = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    torch.testing.assert_close(unit.alpha.detach(), wanted, atol=1e-3, rtol=0)
