"""TorchJD's methods in polytask's loops, and polytask's in TorchJD's."""

import copy
import inspect
import re
from pathlib import Path

import pytest
import torch
from torch import nn

import polytask.aggregation as room
from polytask.aggregation import Aggregator, Every
from polytask.architectures import HardSharing
from polytask.data import MultiTaskDataset
from polytask.encoders import MLP
from polytask.exceptions import ParameterError, UnservedNeedError
from polytask.gradients import Need, as_aggregator, backward, per_task_jacobian
from polytask.training import Trainer

torchjd = pytest.importorskip("torchjd")
autojac = pytest.importorskip("torchjd.autojac")
theirs = pytest.importorskip("torchjd.aggregation")

pytestmark = pytest.mark.filterwarnings("ignore:You are solving a parameterized problem")
K = 5
PAGE = Path(__file__).parents[2] / "docs" / "balancing.md"
OPTIONS = {
    "CAGrad": {"c": 0.5},
    "Constant": {"weights": torch.linspace(0.1, 0.5, K, dtype=torch.float64)},
    "FairGrad": {"alpha": 2.0},
    "Krum": {"n_byzantine": 1},
    "NashMTL": {"n_tasks": K},
    "TrimmedMean": {"trim_number": 1},
}
FOREIGN = sorted(
    name
    for name in theirs.__all__
    if issubclass(getattr(theirs, name), theirs.Aggregator)
    and not inspect.isabstract(getattr(theirs, name))
    and "weighting" not in inspect.signature(getattr(theirs, name)).parameters
    and "gramian_weighting" not in inspect.signature(getattr(theirs, name)).parameters
)
OURS = sorted(
    name
    for name in room.__all__
    if inspect.isclass(getattr(room, name))
    and issubclass(getattr(room, name), Aggregator)
    and not inspect.isabstract(getattr(room, name))
    and name != "Every"
)


def foreign(name):
    try:
        return getattr(theirs, name)(**OPTIONS.get(name, {}))
    except ImportError as missing:
        pytest.skip(f"{name}: {missing}")


def own(name):
    aggregator = getattr(room, name)()
    more = aggregator.needs & {Need.SECOND_BATCH, Need.LOSSES}
    if more:
        pytest.skip(f"{name} needs {', '.join(more)}, which TorchJD's loop does not give")
    aggregator.start(K, generator=torch.Generator().manual_seed(3))
    return aggregator


def jacobian(seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(K, 7, generator=generator, dtype=dtype)


class Network(nn.Module):
    """A shared layer and a head per task."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.trunk = nn.Sequential(nn.Linear(3, 6), nn.Tanh()).double()
        self.heads = nn.ModuleList([nn.Linear(6, 1) for _ in range(K)]).double()
        for parameter in self.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        self.inputs = torch.randn(9, 3, generator=generator, dtype=torch.float64)
        self.targets = torch.randn(9, K, generator=generator, dtype=torch.float64)

    def forward(self):
        features = self.trunk(self.inputs)
        return features, [
            (head(features)[:, 0] - target).square().mean()
            for head, target in zip(self.heads, self.targets.T, strict=True)
        ]

    def shared_gradient(self):
        return torch.cat([p.grad.flatten() for p in self.trunk.parameters()])


@pytest.mark.parametrize("name", FOREIGN)
def test_their_aggregators_give_their_update_in_our_loop(name):
    network, other = Network(), Network()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        weights = backward(network()[1], network.trunk.parameters(), foreign(name))
        torch.manual_seed(0)
        expected = foreign(name)(
            per_task_jacobian(torch.stack(other()[1]), list(other.trunk.parameters()))
        )
    torch.testing.assert_close(network.shared_gradient(), expected, rtol=1e-6, atol=1e-9)
    assert weights.shape == (K,)


@pytest.mark.parametrize("name", ["UPGrad", "MGDA", "IMTLG", "AlignedMTL", "PCGrad", "CAGrad"])
def test_of_those_with_gramian_weights_only_the_gramian_is_asked(name):
    adopted = as_aggregator(foreign(name))
    assert adopted.needs == {Need.GRAMIAN}
    assert as_aggregator(foreign(name).gramian_weighting).needs == {Need.GRAMIAN}


def test_gramian_weights_lead_heads_as_well():
    network, method = Network(), theirs.IMTLG()
    weights = backward(network()[1], network.trunk.parameters(), method)
    other = Network()
    (weights * torch.stack(other()[1])).sum().backward()
    for mine, plain in zip(network.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, plain.grad)


def test_weightings_on_a_matrix_weigh_its_rows():
    weighting = theirs.ConstantWeighting(torch.linspace(0.1, 0.5, K, dtype=torch.float64))
    adopted = as_aggregator(weighting)
    assert adopted.needs == {Need.JACOBIAN}
    torch.testing.assert_close(adopted.combine(jacobian()), weighting(jacobian()) @ jacobian())


def test_plain_functions_work_on_the_jacobian():
    network = Network()
    backward(network()[1], network.trunk.parameters(), lambda matrix: matrix.median(dim=0).values)
    other = Network()
    rows = per_task_jacobian(torch.stack(other()[1]), list(other.trunk.parameters()))
    torch.testing.assert_close(network.shared_gradient(), rows.median(dim=0).values)


def test_ours_are_returned_unchanged():
    aggregator = room.MGDA()
    assert as_aggregator(aggregator) is aggregator


@pytest.mark.parametrize("wrong", [room.MGDA, 3.0, None])
def test_other_things_are_refused(wrong):
    with pytest.raises(ParameterError, match="must be an aggregator, or a callable on a matrix"):
        as_aggregator(wrong)


@pytest.mark.parametrize("name", FOREIGN)
def test_their_state_continues_exactly(name):
    if name == "NashMTL":
        pytest.skip("its state cannot be saved")
    first, second = as_aggregator(foreign(name)), as_aggregator(foreign(name))
    for one in (first, second):
        one.start(K, generator=torch.Generator().manual_seed(0))
    for seed in range(3):
        first.aggregate(jacobian(seed))
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    second._generator.set_state(first._generator.get_state())
    for seed in range(3, 6):
        torch.testing.assert_close(
            second.aggregate(jacobian(seed)), first.aggregate(jacobian(seed)), rtol=0, atol=0
        )


def test_starting_forgets():
    method = as_aggregator(theirs.GradVac())
    method.start(K, generator=torch.Generator().manual_seed(0))
    once = method.aggregate(jacobian())
    assert not torch.equal(method.aggregate(jacobian()), once)
    method.start(K, generator=torch.Generator().manual_seed(0))
    assert torch.equal(method.aggregate(jacobian()), once)


def test_state_that_cannot_be_saved_is_refused_when_it_is_loaded():
    first, second = as_aggregator(foreign("NashMTL")), as_aggregator(foreign("NashMTL"))
    first.aggregate(jacobian())
    with pytest.raises(UnservedNeedError, match=r"cannot be saved \(.*prob"):
        second.load_state_dict(first.state_dict())


@pytest.mark.parametrize("name", ["forward", "_forward_hooks", "reset", "__class__", "no_such"])
def test_a_state_sets_no_attribute_that_the_method_lacks(name):
    method = as_aggregator(theirs.GradVac())
    state = method.state_dict()
    state[""]["values"][name] = 1.0
    with pytest.raises(ParameterError, match=rf"state with the attributes of GradVac.*{name}"):
        method.load_state_dict(state)
    assert isinstance(method.method, theirs.GradVac)


def test_a_state_has_no_other_submodules():
    method = as_aggregator(theirs.GradVac())
    state = method.state_dict() | {"other": {"values": {}, "opaque": []}}
    with pytest.raises(ParameterError, match=r"state with the submodules of GradVac.*other"):
        method.load_state_dict(state)


@pytest.mark.parametrize("name", ["load", "nn", "no_such"])
def test_a_dtype_in_a_state_is_a_dtype(name):
    method = as_aggregator(theirs.GradVac())
    state = method.state_dict()
    values = next(module["values"] for module in state.values() if module["values"])
    values[next(iter(values))] = {"dtype": name}
    with pytest.raises(ParameterError, match="must be the name of a dtype of torch"):
        method.load_state_dict(state)


def test_randomness_comes_from_the_generator_only():
    method = as_aggregator(theirs.PCGrad())
    before = torch.get_rng_state()
    draws = []
    for _ in range(2):
        method.start(K, generator=torch.Generator().manual_seed(5))
        draws.append(method.aggregate(jacobian()))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(*draws)


def data():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(64, 4, generator=generator)
    targets = inputs[:, :2] @ torch.tensor([[1.0, -1.0], [1.0, 1.0]])
    return MultiTaskDataset.from_arrays(inputs.numpy(), targets.numpy())


@pytest.mark.parametrize(
    "method", [theirs.IMTLG(), theirs.MGDA().gramian_weighting, theirs.GradVac()]
)
def test_the_trainer_takes_them(method):
    kept = copy.deepcopy(method.state_dict())
    trainer = Trainer(aggregation=method, steps=12, batch_size=16, evaluate_every=6)
    losses = trainer.fit(HardSharing(MLP((8,))), data(), None).history.epochs
    assert sum(losses[-1].train_losses.values()) < sum(losses[0].train_losses.values())
    assert method.state_dict() == kept


def test_the_trainer_makes_their_weights_every_few_steps():
    trainer = Trainer(aggregation=theirs.IMTLG(), aggregate_every=3)
    assert isinstance(trainer.balancing()[1], Every)


def test_the_trainer_trains_as_with_ours():
    settings = {"steps": 6, "batch_size": 16}
    fits = [
        Trainer(aggregation=method, **settings).fit(HardSharing(MLP((8,))), data(), None)
        for method in (theirs.IMTLG(), room.IMTLG())
    ]
    for one, other in zip(*(fit.network.parameters() for fit in fits), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def adapter():
    """The class that docs/balancing.md shows."""
    page = PAGE.read_text(encoding="utf-8")
    (block,) = [
        code
        for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL)
        if "class FromPolytask" in code
    ]
    names = {}
    exec(block, names)
    return names["FromPolytask"]


@pytest.mark.parametrize("name", OURS)
def test_our_aggregators_give_our_update_in_their_loop(name):
    network, other = Network(), Network()
    method = own(name)
    features, losses = network()
    autojac.mtl_backward(losses, features)
    autojac.jac_to_grad(network.trunk.parameters(), adapter()(method))
    losses = torch.stack(other()[1])
    rows = per_task_jacobian(losses, list(other.trunk.parameters()))
    expected = own(name).aggregate(rows)
    torch.testing.assert_close(network.shared_gradient(), expected)


# Relative distances. MGDA is left out: TorchJD takes some Frank-Wolfe steps towards what ours
# solves exactly. So are those that draw at random, in another order.
BOTH = {
    "AlignedMTL": 1e-6,
    "ConFIG": 1e-6,
    "DualProj": 1e-3,
    "IMTLG": 1e-6,
    "Krum": 1e-9,
    "Mean": 1e-9,
    "Sum": 1e-9,
    "TrimmedMean": 1e-9,
    "UPGrad": 1e-3,
}


@pytest.mark.parametrize("name", sorted(BOTH))
@pytest.mark.parametrize("seed", range(5))
def test_the_same_method_of_both(name, seed):
    theirs_update = as_aggregator(foreign(name)).aggregate(jacobian(seed))
    ours_update = own(name).aggregate(jacobian(seed))
    off = (theirs_update - ours_update).norm() / ours_update.norm()
    assert off < BOTH[name]


@pytest.mark.parametrize("seed", range(5))
def test_our_shortest_vector_is_no_longer_than_theirs(seed):
    ours, theirs_ = (
        one.aggregate(jacobian(seed)).norm()
        for one in (own("MGDA"), as_aggregator(theirs.MGDA(1e-6, 2000)))
    )
    assert ours <= theirs_ * (1 + 1e-9)
    assert theirs_ < ours * 1.05
