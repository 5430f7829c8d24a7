"""Ensembles inside one network: rows, losses and answers of members."""

import copy
import inspect
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
import torch
from small_architectures import data_for, small_architectures
from torch import nn
from training_tables import mixed_table, regression_table

import polytask.architectures
from polytask.architectures import (
    Architecture,
    Branching,
    HardSharing,
    MMoE,
    MultiTaskModule,
    Separate,
    SingleTask,
)
from polytask.data import MultiTaskDataset, encode, fit_schemas
from polytask.encoders import MLP, PackedMLP, State, TabM
from polytask.encoders._member_rows import MemberRows, grouped
from polytask.losses import MultiTaskLoss
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import load
from polytask.tasks import Binary, Multiclass, Multilabel, Regression
from polytask.testing import check_architecture
from polytask.training import Trainer, score, to_tensors
from polytask.training._average_members import average

ENSEMBLE = TabM(2, (6, 6), dropout=0.0, adapters="all", numbers="standardized")
PACKED = PackedMLP(members=3, widths=(5, 4), numbers="standardized")


def architectures() -> list[type[Architecture]]:
    known = (getattr(polytask.architectures, name) for name in polytask.architectures.__all__)
    kinds = [k for k in known if inspect.isclass(k) and issubclass(k, Architecture)]
    return [
        k
        for k in kinds
        if "encoder" in inspect.signature(k).parameters and not inspect.isabstract(k)
    ]


def on_an_ensemble(kind):
    adapters = "first" if kind.__name__ == "LoRA" else "all"
    return kind(encoder=TabM(2, (6, 6, 6), dropout=0.0, adapters=adapters))


@pytest.mark.parametrize("kind", architectures(), ids=lambda kind: kind.__name__)
def test_every_architecture_stands_on_an_ensemble(kind):
    recipe = on_an_ensemble(kind)
    check_architecture(recipe, [data_for(recipe)])


@pytest.mark.slow
@pytest.mark.parametrize("kind", architectures(), ids=lambda kind: kind.__name__)
def test_on_an_ensemble_every_architecture_takes_tables_of_every_form(kind):
    check_architecture(on_an_ensemble(kind))


@pytest.mark.parametrize(
    "recipe",
    [HardSharing(PACKED), SingleTask(PACKED), Separate(HardSharing(PACKED)), MMoE(PACKED)],
    ids=lambda recipe: recipe.name,
)
def test_packed_members_keep_the_promises_of_architectures(recipe):
    check_architecture(recipe)


SMALL_PACKED = {
    name: recipe
    for name, recipe in small_architectures(PackedMLP(2, (6, 6, 6), numbers="standardized")).items()
    if name != "LoRA"  # which adapts layers that members share
}


@pytest.mark.parametrize("name", SMALL_PACKED)
def test_packed_members_stand_under_every_architecture(name):
    check_architecture(SMALL_PACKED[name], [data_for(SMALL_PACKED[name])])


def prepared(data, recipe: Architecture, seed: int = 0):
    schemas = fit_schemas(data, recipe.bins)
    network = recipe.build(schemas, data.tasks, seed)
    sources = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    return network, sources


def apart(network: MultiTaskModule, data, member: int) -> MultiTaskModule:
    """A network with the weights of one member alone."""
    alone, _ = prepared(data, HardSharing(MLP(PACKED.widths)))
    with torch.no_grad():
        for stage, own in zip(network.trunk, alone.trunk, strict=True):
            own[0].weight.copy_(stage[0].weight[member])
            own[0].bias.copy_(stage[0].bias[member])
        for heads, own in zip(network.heads, alone.heads, strict=True):
            own.weight.copy_(heads.weight[:, member])
            own.bias.copy_(heads.bias[:, member])
    return alone


def step(network: MultiTaskModule, batch, rate: float) -> torch.Tensor:
    """One step of gradient descent on the sum of the losses; the losses."""
    losses, _ = MultiTaskLoss(network.blocks, network.tasks)(
        network(network.with_members(batch)), network.with_members(batch)
    )
    network.zero_grad()
    losses.sum().backward()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.sub_(rate * parameter.grad)
    return losses.detach()


def test_packed_members_learn_what_networks_apart_learn():
    data = regression_table()
    packed, rows = prepared(data, HardSharing(PACKED))
    alone = [apart(packed, data, member) for member in range(PACKED.members)]
    for _ in range(10):
        together = step(packed, rows, 1e-3)
        each = [step(network, rows, 1e-3) for network in alone]
        torch.testing.assert_close(together, torch.stack(each).sum(dim=0), rtol=1e-6, atol=1e-6)
    answers = [score(network, rows) for network in alone]
    for key, scores in score(packed, rows).items():
        mean = torch.stack([answer[key] for answer in answers]).mean(dim=0)
        torch.testing.assert_close(scores, mean, rtol=1e-6, atol=1e-6)


def test_the_loss_is_the_mean_over_members_and_counts_each_label_once():
    data = mixed_table()
    network, rows = prepared(data, HardSharing(PACKED))
    loss = MultiTaskLoss(network.blocks, data.tasks)
    sums, counts = loss.sums(network(network.with_members(rows)), network.with_members(rows))
    _, plain = prepared(data, HardSharing(MLP((4,))))
    torch.testing.assert_close(counts, PACKED.members * loss.counts(plain))
    history = Trainer(steps=1, batch_size=10_000).fit(HardSharing(PACKED), data, data).history
    trained = torch.tensor(list(history.epochs[0].train_losses.values()))
    torch.testing.assert_close(trained, sums / counts, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "column", "size"),
    [
        (Regression(), [np.array([3.0, 9.0, 4.0])], 1),
        (Binary(), [np.array(["a", "b", "a"], dtype=object)], 1),
        (Multiclass(), [np.array(["a", "b", "c"], dtype=object)], 3),
        (Multilabel(), [np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])], 2),
    ],
)
@pytest.mark.parametrize("spread", [1.0, 30.0])
def test_the_answer_is_the_mean_of_the_members_answers(kind, column, size, spread):
    target = kind.fit("y", {f"y{i}": values for i, values in enumerate(column)})
    raw = spread * np.random.default_rng(0).normal(size=(4, 50, size)).astype(np.float32)
    mean = np.mean([kind.response(member, target) for member in raw], axis=0)
    averaged = kind.average(raw)
    assert averaged.shape == (50, size)
    assert averaged.dtype == np.float32
    np.testing.assert_allclose(kind.response(averaged, target), mean, rtol=1e-4, atol=1e-9)
    with torch.device("meta"):  # no numbers that could go elsewhere
        assert average(kind, torch.empty(4, 50, size)).device.type == "meta"
    on_tensors = average(kind, torch.from_numpy(raw))
    np.testing.assert_allclose(on_tensors.numpy(), averaged, rtol=1e-5, atol=1e-6)


@dataclass(frozen=True)
class Median(Binary):
    """A kind of one's own, which knows arrays of numpy alone."""

    def average(self, raw):
        assert isinstance(raw, np.ndarray)
        return np.median(raw, axis=0)


def test_kinds_of_ones_own_get_arrays():
    scores = torch.tensor([[[1.0]], [[2.0]], [[9.0]]])
    assert average(Median(), scores).tolist() == [[2.0]]


def test_one_certain_member_does_not_decide_alone():
    assert Binary().average(np.array([[[200.0]], [[0.0]]], dtype=np.float32)) == pytest.approx(
        np.log(3.0)
    )


def by_loop(network: MultiTaskModule, values: torch.Tensor) -> torch.Tensor:
    """Features of TabM, row by row and member by member, (n, members, h)."""
    entry = network.inputs[0]
    features = []
    for row in values:
        of_row = []
        for member in range(entry.members):
            h = row * entry.adapter[member]
            for stage in network.trunk:
                layer = stage[0]
                if layer.scale_in is not None:
                    h = h * layer.scale_in[member]
                h = layer.weight @ h * layer.scale_out[member] + layer.bias[member]
                h = h.clamp(min=0)
            of_row.append(h)
        features.append(torch.stack(of_row))
    return torch.stack(features)


def test_members_of_tab_m_share_matrices_and_have_adapters_of_their_own():
    data = regression_table()
    network, rows = prepared(
        data, HardSharing(TabM(3, (5, 4), dropout=0.0, adapters="all", numbers="standardized"))
    )
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
        (source, batch) = next(iter(rows.items()))
        features = network.features({source: batch})[source].values
        expected = by_loop(network, batch.inputs["numeric"][:20])
    torch.testing.assert_close(features.view(-1, 3, 4)[:20], expected)


def test_first_adapters_are_one_sign_for_each_column():
    data = mixed_table()
    network, _ = prepared(data, HardSharing(TabM(members=16)))
    adapter, entry = network.inputs[0].adapter, network.inputs[0].entry
    assert adapter.abs().eq(1).all()
    assert 0.2 < float((adapter > 0).float().mean()) < 0.8
    ends = np.cumsum([0, *entry.channels])
    assert ends[-1] == adapter.shape[1]
    for start, end in pairwise(ends):
        assert adapter[:, start:end].eq(adapter[:, start : start + 1]).all()


def test_many_columns_share_first_adapters_by_group():
    values = torch.randn(5, 250)
    rows = MemberRows(Constant(values), 3, (5,) * 50)
    assert rows.adapter.shape == (3, 16)
    assert rows.adapter.abs().eq(1).all()
    for member, vectors in enumerate(rows({}).values.unflatten(0, (-1, 3)).unbind(1)):
        pieces = torch.split(values, rows.sizes, dim=1)
        signed = [sign * piece for sign, piece in zip(rows.adapter[member], pieces, strict=True)]
        torch.testing.assert_close(vectors, torch.cat(signed, dim=1))


class Constant(nn.Module):
    """An entry of given vectors."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def forward(self, inputs):
        del inputs
        return State(self.values)


@pytest.mark.parametrize(
    "channels", [(1,), (8,) * 7, (8,) * 16, (8,) * 20, (8,) * 30 + (1,) * 9, (1,) * 50 + (64,)]
)
def test_groups_are_whole_columns_of_about_equal_width(channels):
    sizes = grouped(channels)
    assert len(sizes) == min(len(channels), 16) or max(channels) > sum(channels) / 16
    assert sum(sizes) == sum(channels)
    ends = {0, *np.cumsum(channels).tolist()}
    assert set(np.cumsum(sizes).tolist()) <= ends


@pytest.mark.parametrize(
    "encoder",
    [TabM(3, (5, 4)), TabM(3, (5, 4), adapters="all"), PackedMLP(3, (5, 4)), MLP((5, 4))],
    ids=["first", "all", "packed", "MLP"],
)
@pytest.mark.parametrize("several", [False, True])
def test_the_first_layer_of_all_members_at_once_is_that_of_their_rows(encoder, several):
    data = two_sources() if several else mixed_table()
    network, rows = prepared(data, HardSharing(encoder))
    network.eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    features = network.features(rows)
    learned = [*network.inputs.parameters(), *network.trunk.parameters()]
    gradients = torch.autograd.grad(total(features), learned)
    for entry in network.inputs.modules():
        if isinstance(entry, MemberRows):
            entry.register_forward_hook(lambda *_: None)  # with a hook, rows are written out
    slow = network.trunk(network.inputs(rows))
    for name, state in slow.items():
        torch.testing.assert_close(features[name].values, state.values)
    expected = torch.autograd.grad(total(slow), learned)
    torch.testing.assert_close(gradients, expected, rtol=1e-4, atol=1e-4)


def two_sources() -> MultiTaskDataset:
    rng = np.random.default_rng(0)
    tables = {}
    for name, n_columns in {"one": 3, "two": 30}.items():
        X = rng.normal(size=(40, n_columns))
        tables[name] = {f"x{j}": column for j, column in enumerate(X.T)} | {"y": X.sum(axis=1)}
    return MultiTaskDataset.from_sources(tables, ["y:regression"])


def total(features) -> torch.Tensor:
    return sum(state.values.square().sum() for state in features.values())


@pytest.mark.parametrize("adapters", ["all", "first"])
def test_members_differ_from_the_start_and_after_training(adapters):
    data = regression_table()
    recipe = HardSharing(TabM(4, (8,), adapters=adapters))
    network = Trainer(steps=30).fit(recipe, data, data).network
    _, rows = prepared(data, recipe)
    raw = network(network.with_members(rows))
    spread = next(iter(raw.values())).view(-1, 4, 1).std(dim=1)
    assert spread.min() > 0


def test_one_member_is_a_network_as_any_other():
    data = mixed_table()
    network, rows = prepared(data, HardSharing(PackedMLP(members=1, widths=(5,), dropout=0.0)))
    assert network.n_members == 1
    raw = network(rows)
    for key, scores in score(network, rows).items():
        torch.testing.assert_close(raw[key], scores)


@pytest.mark.parametrize("architecture", [HardSharing, SingleTask, Branching])
@pytest.mark.parametrize("encoder", [ENSEMBLE, PACKED], ids=["TabM", "PackedMLP"])
def test_ensembles_are_saved_and_loaded(architecture, encoder, tmp_path):
    data = mixed_table()
    fitted = MultiTaskNetwork(architecture(encoder), Trainer(steps=3)).fit(data, data)
    fitted.save(tmp_path / "model")
    before, again = fitted.predict(data), load(tmp_path / "model").predict(data)
    for name in data.tasks.names:
        np.testing.assert_array_equal(before[name].response, again[name].response)


@pytest.mark.parametrize("encoder", [TabM(2, (6,)), PackedMLP(2, (6,), dropout=0.1)])
def test_a_run_goes_on_as_if_it_had_not_been_cut(encoder, tmp_path):
    data, recipe = mixed_table(), HardSharing(encoder)
    whole = Trainer(steps=60, evaluate_every=10).fit(recipe, data, data)

    class CutError(Exception):
        """Raised in the middle."""

    def cut(record):
        if record.step == 30:
            raise CutError

    arguments = {"checkpoint": tmp_path / "run.ckpt", "checkpoint_seconds": 0.0}
    with pytest.raises(CutError):
        Trainer(steps=60, evaluate_every=10).fit(recipe, data, data, on_epoch=cut, **arguments)
    resumed = Trainer(steps=60, evaluate_every=10).fit(recipe, data, data, **arguments)
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, resumed.network.state_dict()[name]), name


def test_gradients_of_ensembles_are_aggregated_alike_by_all_exact_engines():
    data = regression_table()
    states = [
        Trainer(steps=3, aggregation="mgda", engine=engine)
        .fit(HardSharing(ENSEMBLE), data)
        .network.state_dict()
        for engine in ("per_task", "layerwise", "batched")
    ]
    for name, tensor in states[0].items():
        for other in states[1:]:
            torch.testing.assert_close(other[name], tensor, rtol=1e-3, atol=1e-5)


def test_the_given_rows_stay_as_they_are():
    data = mixed_table()
    network, rows = prepared(data, HardSharing(ENSEMBLE))
    before = copy.deepcopy(rows)
    score(network, rows)
    for name, batch in rows.items():
        for part, values in batch.inputs.items():
            assert torch.equal(values, before[name].inputs[part])


@pytest.mark.parametrize("recipe", [TabM, PackedMLP])
def test_no_members_are_refused(recipe):
    with pytest.raises(ValueError, match=r"`members` parameter .* must be an int"):
        recipe(members=0)


@pytest.mark.parametrize("encoder", [ENSEMBLE, PACKED], ids=["TabM", "PackedMLP"])
def test_layers_and_heads_of_ensembles_are_drawn_by_the_initialiser(encoder):
    data = regression_table()
    network, _ = prepared(data, HardSharing(encoder, initializer="orthogonal"))
    layers = [stage[0] for stage in network.trunk]
    drawn = [
        matrix
        for layer in (*layers, *network.heads)
        for matrix in layer.weight.detach().view(-1, *layer.weight.shape[-2:])
    ]
    assert len(drawn) > len(layers)
    for matrix in drawn:
        wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
        torch.testing.assert_close(wide @ wide.T, torch.eye(len(wide)))
    for layer in layers:
        assert not layer.bias.any()
