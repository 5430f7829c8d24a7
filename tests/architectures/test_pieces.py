"""The pieces that architectures are written from."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from polytask.architectures import Copies, Heads, Mixture, advance_all, seeded
from polytask.data import SourceBatch, fit_schemas, make_blocks
from polytask.encoders import MaskedStage, State, mean_pool
from polytask.exceptions import ParameterError
from polytask.testing import tiny_dataset


@pytest.mark.parametrize(
    "layer", [nn.Linear(3, 2), nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))]
)
@pytest.mark.parametrize("apart", [False, True])
def test_copies_answer_as_each_alone(layer, apart):
    torch.manual_seed(0)
    modules = []
    for _ in range(4):
        for part in layer.modules():
            if isinstance(part, nn.Linear):
                nn.init.normal_(part.weight)
        modules.append(deepcopy(layer))
    rows = torch.randn(4, 5, 3) if apart else torch.randn(5, 3)
    copies = Copies(modules, torch.zeros(2, 3), apart=apart).eval()
    expected = [module.eval()(rows[i] if apart else rows) for i, module in enumerate(modules)]
    torch.testing.assert_close(copies(rows), torch.stack(expected))


def test_copies_belong_to_their_tasks_in_either_form():
    for layer in (nn.Linear(3, 2), nn.BatchNorm1d(3)):
        copies = Copies([layer] * 2, torch.zeros(2, 3), tasks=("a", "b"))
        owners = copies.owners()
        if copies.stacked:
            assert {(owned.tasks, owned.axis) for owned in owners} == {(("a", "b"), 0)}
        else:
            assert {owned.tasks for owned in owners} == {("a",), ("b",)}
    assert Copies([nn.Linear(3, 2)] * 2, torch.zeros(2, 3)).owners() == []


def test_some_copies_alone():
    torch.manual_seed(0)
    rows = torch.randn(5, 3)
    for modules in ([nn.Linear(3, 2) for _ in range(3)], [nn.BatchNorm1d(3) for _ in range(3)]):
        copies = Copies(modules, torch.zeros(2, 3)).eval()
        torch.testing.assert_close(copies(rows, members=[2, 0]), copies(rows)[[2, 0]])


def test_a_mixture_is_the_weighted_sum_of_experts():
    torch.manual_seed(0)
    mixture = Mixture(3, n_experts=4, tasks=["a", "b"])
    rows, experts = torch.randn(5, 3), torch.randn(4, 5, 2)
    for k in range(2):
        gate = torch.softmax(rows @ mixture.weight[k].T, dim=1)
        wanted = torch.einsum("ne,enh->nh", gate, experts)
        torch.testing.assert_close(mixture(rows, experts)[k], wanted)
    torch.testing.assert_close(mixture.gates(rows).sum(dim=-1), torch.ones(2, 5))


def test_sources_of_one_shape_go_through_a_stage_together():
    norm = nn.BatchNorm1d(2)
    one, other = torch.randn(4, 2), torch.randn(6, 2)
    advanced = advance_all(norm, {"one": State(one), "other": State(other)})
    both = nn.BatchNorm1d(2)(torch.cat([one, other]))
    torch.testing.assert_close(advanced["one"].values, both[:4])
    torch.testing.assert_close(advanced["other"].values, both[4:])


def test_a_mask_stays_with_its_source():
    class Drop(MaskedStage):
        def forward(self, state):
            return State(state.values.mean(dim=1))

    mask = torch.tensor([[True, False]])
    states = {"words": State(torch.ones(1, 2, 3), mask), "plain": State(torch.ones(2, 2, 3))}
    kept = advance_all(nn.Linear(3, 4), states)
    assert kept["words"].mask is mask
    assert list(kept) == ["words", "plain"]
    dropped = advance_all(Drop(), {"words": states["words"]})
    assert dropped["words"].mask is None
    assert dropped["words"].values.shape == (1, 3)


def test_a_seed_and_names_decide_what_is_drawn():
    before = torch.get_rng_state()
    draws = []
    for names in (("a",), ("a",), ("b",), ()):
        with seeded(0, *names):
            draws.append(torch.rand(3))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert not torch.equal(draws[0], draws[3])
    assert torch.equal(torch.get_rng_state(), before)


def test_rows_that_only_fill_up_are_not_seen():
    torch.manual_seed(0)
    norms = Copies([nn.BatchNorm1d(3) for _ in range(2)], torch.zeros(2, 3), apart=True)
    rows = torch.randn(2, 4, 3)
    features = norms(rows, sizes=[3, 0])
    torch.testing.assert_close(features[0, :3], nn.BatchNorm1d(3)(rows[0, :3]))
    assert not features[0, 3:].any()
    assert not features[1].any()
    assert torch.equal(norms.members[1].running_mean, torch.zeros(3))


def test_maps_and_sequences_of_each_task_are_pooled():
    data = tiny_dataset(["regression", "regression"])
    blocks = make_blocks(data.tasks, fit_schemas(data))
    heads = Heads(blocks, data.tasks, (4, 3, 3), per_task=True)
    batch = {"table": SourceBatch({"numeric": torch.zeros(5, 3)})}
    key = ("table", blocks[0].name)
    maps = torch.randn(2, 5, 4, 3, 3)
    vectors = torch.stack([mean_pool(State(one)) for one in maps])
    wanted = heads({"table": State(vectors)}, batch)[key]
    torch.testing.assert_close(heads({"table": State(maps)}, batch)[key], wanted)
    steps, mask = torch.randn(2, 5, 3, 4), torch.rand(5, 3) > 0.5
    vectors = torch.stack([mean_pool(State(one, mask)) for one in steps])
    wanted = heads({"table": State(vectors)}, batch)[key]
    torch.testing.assert_close(heads({"table": State(steps, mask)}, batch)[key], wanted)


class LastStep(MaskedStage):
    """The last step of a sequence that counts."""

    def forward(self, state):
        last = state.mask.sum(dim=1) - 1
        return State(state.values[torch.arange(len(last)), last])


@pytest.mark.parametrize("module", [LastStep(), nn.Sequential(nn.Linear(3, 2), LastStep())])
def test_copies_take_no_stage_of_a_masked_sequence(module):
    with pytest.raises(ParameterError, match=r"`modules` parameter of Copies .* MaskedStage"):
        Copies([module], torch.zeros(2, 4, 3))
