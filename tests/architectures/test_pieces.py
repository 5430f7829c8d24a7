"""The pieces that architectures are written from."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from torch import nn

from polytask.architectures import (
    Copies,
    Heads,
    Inputs,
    Mixture,
    Owner,
    Towers,
    _stacked_pass,
    advance_all,
    seeded,
)
from polytask.data import SourceBatch, encode, fit_schemas, make_blocks
from polytask.encoders import MLP, MaskedStage, State, mean_pool
from polytask.encoders._layers import initialize
from polytask.exceptions import ParameterError
from polytask.testing import tiny_dataset
from polytask.training import to_tensors


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


CHAINS = {
    "linear": lambda: nn.Linear(3, 2, bias=False),
    "chain": lambda: nn.Sequential(
        nn.Linear(3, 4), nn.ReLU(), nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 2)), nn.Tanh()
    ),
    "starts with a norm": lambda: nn.Sequential(nn.LayerNorm(3, bias=False), nn.Linear(3, 2)),
    "an activation twice": lambda: nn.Sequential(nn.Linear(3, 3), *[nn.Tanh()] * 2),
}


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("shape", [(5, 3), (5, 4, 3)])
@pytest.mark.parametrize("make", CHAINS.values(), ids=CHAINS)
def test_chains_of_common_layers_run_without_vmap(make, shape, apart, monkeypatch):
    modules = [make() for _ in range(3)]
    for module in modules:
        for parameter in module.parameters():
            nn.init.normal_(parameter)
    copies = Copies(modules, torch.zeros(2, *shape[1:]), apart=apart)
    rows = torch.randn(3, *shape) if apart else torch.randn(*shape)
    wanted = [module(rows[k] if apart else rows) for k, module in enumerate(modules)]
    monkeypatch.setattr(_stacked_pass, "vmap", None)
    torch.testing.assert_close(copies(rows), torch.stack(wanted))
    some = copies(rows[[2, 0]] if apart else rows, members=[2, 0])
    torch.testing.assert_close(some, torch.stack([wanted[2], wanted[0]]))


def test_dropout_draws_for_every_copy():
    copies = Copies([nn.Sequential(nn.Dropout(0.5), nn.Linear(9, 9))] * 2, torch.zeros(2, 9))
    first, second = copies(torch.ones(4, 9))
    assert not torch.equal(first, second)
    copies.eval()
    assert torch.equal(*copies(torch.ones(4, 9)))


def test_a_layer_that_stands_twice_in_a_chain_is_not_run_as_two():
    layer = nn.Linear(3, 3)
    modules = [nn.Sequential(layer, nn.ReLU(), layer) for _ in range(2)]
    rows = torch.randn(5, 3)
    copies = Copies(modules, torch.zeros(2, 3))
    torch.testing.assert_close(copies(rows)[1], modules[1](rows))


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


class Doubled(MaskedStage):
    """A linear map of every step, which also forgets the last step."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 2)

    def forward(self, state):
        return State(self.linear(state.values), state.mask.roll(1, dims=-1))


class Summed(MaskedStage):
    """A recurrent layer, which no batching over parameters takes."""

    def __init__(self):
        super().__init__()
        self.layer = nn.LSTM(3, 2, batch_first=True)

    def forward(self, state):
        return State(self.layer(state.values)[0], state.mask.roll(1, dims=-1))


@pytest.mark.parametrize(("make", "stacked"), [(Doubled, True), (Summed, False)])
def test_copies_of_a_masked_stage_run_on_states(make, stacked):
    modules = [make() for _ in range(3)]
    steps = State(torch.randn(5, 4, 3), torch.rand(5, 4) > 0.5)
    sample = State(torch.zeros(2, 4, 3), torch.ones(2, 4, dtype=torch.bool))
    copies = Copies(modules, sample)
    assert copies.stacked is stacked
    wanted = [module(steps) for module in modules]
    same_rows = copies(steps)
    own_rows = copies(State(steps.values.expand(3, 5, 4, 3), steps.mask), apart=True)
    own_masks = copies(
        State(steps.values.expand(3, 5, 4, 3), steps.mask.expand(3, 5, 4)), apart=True
    )
    for k in range(3):
        torch.testing.assert_close(same_rows.values[k], wanted[k].values)
        torch.testing.assert_close(own_rows.values[k], wanted[k].values)
        torch.testing.assert_close(own_masks.values[k], wanted[k].values)
        assert torch.equal(own_masks.mask[k], wanted[k].mask)
    assert torch.equal(same_rows.mask, wanted[0].mask)
    assert torch.equal(own_rows.mask, wanted[0].mask)


def test_copies_are_drawn_anew_like_single_modules():
    modules = [nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)) for _ in range(3)]
    copies = Copies(modules, torch.zeros(2, 4))
    initialize(copies, "orthogonal")
    weights = dict(copies.named_parameters())
    identity = torch.eye(4).expand(3, 4, 4)
    torch.testing.assert_close(weights["0__weight"] @ weights["0__weight"].mT, identity)
    torch.testing.assert_close(weights["2__weight"] @ weights["2__weight"].mT, identity[:, :2, :2])
    assert not weights["0__bias"].any()


class Stepped(nn.Module):
    """An entry whose mask depends on the rows."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, inputs):
        return State(self.scale * inputs["x"], inputs["x"][..., 0] > 0)


def test_copies_of_an_entry_keep_the_masks_of_each_copys_rows():
    rows = {"x": torch.randn(3, 5, 4, 2)}
    state = Copies([Stepped() for _ in range(3)], {"x": torch.zeros(2, 4, 2)})(rows, apart=True)
    assert torch.equal(state.mask, rows["x"][..., 0] > 0)


def test_copies_keep_what_is_frozen():
    layers = [nn.Linear(2, 2) for _ in range(3)]
    for layer in layers:
        layer.weight.requires_grad_(False)
    copies = dict(Copies(layers, torch.zeros(2, 2)).named_parameters())
    assert not copies["weight"].requires_grad
    assert copies["bias"].requires_grad


def towers_on(data, tasks=True, **options):
    encoder = MLP((6, 4))
    inputs = Inputs(encoder, fit_schemas(data))
    names = data.tasks.names if tasks else ()
    return inputs, Towers(encoder, inputs, len(data.tasks), tasks=names, **options)


def test_towers_give_each_row_the_tower_of_its_task():
    data = tiny_dataset(["regression"] * 3, own_rows=True)
    inputs, towers = towers_on(data)
    rows = to_tensors(encode(data.sources, data.tasks, fit_schemas(data), ()))
    states = inputs(rows)
    own = towers(states, rows)["table"].values
    every = towers(states)["table"].values
    task = rows["table"].task
    assert own.shape == (len(task), 4)
    assert every.shape == (3, len(task), 4)
    torch.testing.assert_close(own, every[task, torch.arange(len(task))])
    assert {owned.tasks for owned in owners_of(towers)} == {data.tasks.names}


def test_towers_go_on_from_features_of_each_task():
    data = tiny_dataset(["regression"] * 3, own_rows=True)
    inputs, first = towers_on(data, stop=1)
    _, second = towers_on(data, start=1, apart=True)
    rows = to_tensors(encode(data.sources, data.tasks, fit_schemas(data), ()))
    all_rows = {name: replace(source, task=None) for name, source in rows.items()}
    halfway = first(inputs(rows), all_rows)
    assert halfway["table"].values.shape[0] == 3
    own = second(halfway, rows)["table"].values
    every = second(halfway)["table"].values
    task = rows["table"].task
    torch.testing.assert_close(own, every[task, torch.arange(len(task))])
    assert first.shape == (6,)
    assert second.shape == (4,)


def test_towers_without_stages_repeat_the_rows():
    data = tiny_dataset(["regression"] * 2)
    encoder = MLP(())
    inputs = Inputs(encoder, fit_schemas(data))
    towers = Towers(encoder, inputs, 2, tasks=data.tasks.names)
    rows = to_tensors(encode(data.sources, data.tasks, fit_schemas(data), ()))
    states = inputs(rows)
    assert torch.equal(towers(states, rows)["table"].values[1], states["table"].values)


def owners_of(module):
    return [o for piece in module.modules() if isinstance(piece, Owner) for o in piece.owners()]
