"""States that merging takes and refuses: names, shapes, types, buffers, one's own networks."""

import copy

import pytest
import torch
from torch import nn
from torch.func import functional_call

from polytask.exceptions import NonFiniteLossError, ParameterError
from polytask.merging import DARE, TIES, AdaMerging, TaskArithmetic, WeightAveraging

START = {"trunk.weight": torch.zeros(4, 3), "bias": torch.zeros(4)}


def tuned(**changed):
    return {task: {**START, **changed.get(task, {})} for task in "abc"}


def test_networks_of_different_shapes_are_named_with_the_tensor_and_the_shapes():
    wrong = {"trunk.weight": torch.zeros(4, 5)}
    with pytest.raises(ParameterError) as caught:
        TIES().merge(START, tuned(b=wrong, c=wrong))
    assert str(caught.value) == (
        "Networks of different shapes cannot be merged: the tensor 'trunk.weight' has shape (4, 3) in "
        "the start, but (4, 5) in the networks of 'b' and 'c'. Merge networks of one architecture, "
        "fine-tuned from one start, or leave the tensor out."
    )


def test_several_other_shapes_are_told_apart():
    wrong = tuned(a={"bias": torch.zeros(2)}, b={"bias": torch.zeros(())})
    with pytest.raises(
        ParameterError, match=r"\(2,\) in the network of 'a' and \(\) in the network"
    ):
        WeightAveraging().merge(START, wrong)


def test_a_sum_that_overflows_is_refused():
    start = {"bias": torch.zeros(2).half()}
    networks = {task: {"bias": torch.tensor([1.0, 40000.0]).half()} for task in "ab"}
    with pytest.raises(ParameterError, match=r"^TaskArithmetic merges the tensor 'bias' .*float16"):
        TaskArithmetic(scale=1.0).merge(start, networks)
    assert torch.equal(
        TaskArithmetic(scale=0.5).merge(start, networks)["bias"], networks["a"]["bias"]
    )


@pytest.mark.parametrize(
    ("networks", "sentence"),
    [
        (
            tuned(b={"trunk.wieght": torch.zeros(1)}),
            "has a tensor 'trunk.wieght' that the start has",
        ),
        (
            tuned(a={"bias": torch.zeros(4).long()}),
            "'bias' is of float32 in the start and of int64",
        ),
        (tuned(a={"bias": torch.zeros(4).to(torch.complex64)}), "only numbers of floating point"),
        (
            tuned(c={"bias": torch.full((4,), torch.nan)}),
            "of the network of 'c' holds values that are",
        ),
        ({}, "must be a mapping of at least one task"),
    ],
)
def test_other_misfits(networks, sentence):
    with pytest.raises(ParameterError, match=sentence):
        TaskArithmetic().merge(START, networks)


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    ("start", "networks", "sentence"),
    [
        (nn.Linear(2, 2), tuned(), r"`start` .* must be a mapping.*network.state_dict\(\)"),
        (START, {"a": nn.Linear(2, 2)}, r"also for 'a'.*network.state_dict\(\)"),
        (START, {"a": {"bias": [1.0]}}, r"Got \[1.0\] for 'bias' instead"),
        ([1], tuned(), "`start` .* must be a mapping"),
    ],
)
def test_what_is_no_state(start, networks, sentence):
    with pytest.raises(ParameterError, match=sentence):
        WeightAveraging().merge(start, networks)


def test_unknown_buffers_are_refused():
    with pytest.raises(
        ParameterError, match=r"`buffers` .*Got 'biass' instead\. Did you mean 'bias'"
    ):
        TIES().merge(START, tuned(), buffers=["biass"])


def test_learning_needs_a_loss_that_is_finite():
    for method in (AdaMerging(), DARE(method=AdaMerging())):
        with pytest.raises(
            ParameterError, match=r"learns from the loss on rows held out\. Give `loss`"
        ):
            method.merge(START, tuned())
    with pytest.raises(NonFiniteLossError, match="not finite in step 1 of AdaMerging"):
        AdaMerging().merge(START, tuned(), loss=lambda state, step: state["bias"].sum() / 0)


def test_an_average_is_over_the_networks_that_have_a_tensor():
    states = {"a": {"bias": torch.full((4,), 3.0)}, "b": {}, "c": {"bias": torch.full((4,), 1.0)}}
    merged = WeightAveraging().merge(START, states)
    assert merged["bias"].tolist() == [2.0] * 4
    assert torch.equal(merged["trunk.weight"], START["trunk.weight"])


def test_an_infinite_mask_may_be_a_buffer():
    start = {"w": torch.zeros(2), "mask": torch.tensor([0.0, -torch.inf])}
    merged = TIES().merge(start, {"a": start, "b": start}, buffers=["mask"])
    assert merged["mask"].tolist() == [0.0, -torch.inf]


def test_half_precision_is_merged_in_single():
    start = {"w": torch.full((1,), 2048.0).half()}
    states = {
        "a": {"w": torch.full((1,), 2052.0).half()},
        "b": {"w": torch.full((1,), 2050.0).half()},
    }
    merged = TaskArithmetic(scale=1.0).merge(start, states)["w"]
    assert merged.dtype == torch.float16
    assert merged.item() == 2054.0


def test_networks_of_ones_own_with_batch_norm():
    torch.manual_seed(0)
    start = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    networks = {}
    for task, factor in (("a", 1.0), ("b", 50.0)):
        network = networks[task] = copy.deepcopy(start)
        optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
        for _ in range(3):
            optimizer.zero_grad()
            network(factor * torch.randn(32, 3)).square().mean().backward()
            optimizer.step()
    states = {task: network.state_dict() for task, network in networks.items()}
    buffers = dict(start.named_buffers())
    merged = TIES(scale=2.0).merge(start.state_dict(), states, buffers=buffers)
    mean = (states["a"]["1.running_var"] + states["b"]["1.running_var"]) / 2
    assert torch.allclose(merged["1.running_var"], mean)
    assert merged["1.num_batches_tracked"] == 0
    network = copy.deepcopy(start).eval()
    network.load_state_dict(merged)
    assert torch.isfinite(network(torch.randn(4, 3))).all()


def test_running_statistics_need_not_be_listed():
    torch.manual_seed(0)
    start = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU())
    states = {}
    for task, factor in (("a", 0.01), ("b", 0.02)):  # variances far below those of the start
        network = copy.deepcopy(start)
        for _ in range(30):
            network(factor * torch.randn(32, 3))
        states[task] = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        states[task]["0.weight"] += factor
    method, before = DARE(0.5, TaskArithmetic(scale=2.0)), start.state_dict()
    merged = method.merge(before, states)
    assert (merged["1.running_var"] > 0).all()
    listed = method.merge(before, states, buffers=dict(start.named_buffers()))
    assert all(torch.equal(tensor, listed[name]) for name, tensor in merged.items())
    start.load_state_dict(merged)
    assert torch.isfinite(start.eval()(torch.randn(4, 3))).all()


def test_coefficients_of_ones_own_networks_are_learned_by_functional_calls():
    torch.manual_seed(0)
    start = nn.Linear(3, 1)
    good, bad = copy.deepcopy(start), copy.deepcopy(start)
    inputs = torch.randn(64, 3)
    targets = inputs @ torch.tensor([[1.0], [-2.0], [0.5]])
    for network, goal in ((good, targets), (bad, -targets)):
        optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
        for _ in range(50):
            optimizer.zero_grad()
            (network(inputs) - goal).square().mean().backward()
            optimizer.step()

    def loss(state, step):
        return (functional_call(start, dict(state), (inputs,)) - targets).square().mean()

    states = {"good": good.state_dict(), "bad": bad.state_dict()}
    merged = AdaMerging(learning_rate=0.05, steps=100).merge(start.state_dict(), states, loss=loss)
    assert float(loss(merged, 0)) < 0.05 * float(loss(start.state_dict(), 0))
    assert all(not p.requires_grad for p in merged.values())
