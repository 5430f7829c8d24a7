"""Engines against the explicit Jacobian, in the conditions that real training brings."""

import pytest
import torch
from gradient_conditions import CONDITIONS
from gradient_networks import NETWORKS, Trunk, mlp, numbers
from torch import nn
from torch._functorch import config

from polytask.aggregation import MGDA, Aggregator, GramianAggregator, JacobianAggregator
from polytask.exceptions import ParameterError
from polytask.gradients import Need, backward, gramian, per_task_jacobian

WEIGHTS = torch.tensor([0.5, -0.2, 2.0])


@pytest.fixture(autouse=True)
def kept_buffers():
    """Compiled modules keep what they need for several backward passes."""
    with config.patch({"donated_buffer": False} if hasattr(config, "donated_buffer") else {}):
        yield


class Weighing(GramianAggregator):
    """Keeps the Gramian, answers fixed weights."""

    needs = frozenset({Need.GRAMIAN, Need.PRESENT})

    def weights(self, gramian, served=None):
        self.seen = gramian
        return WEIGHTS[served.indices].to(gramian)

    def wanted(self, jacobian, weights):
        return jacobian @ jacobian.T


class Carrying(Aggregator):
    """Keeps the slopes along the update of fixed weights."""

    needs = frozenset({Need.PRODUCT, Need.PRESENT})

    def carried(self, served):
        return WEIGHTS[served.indices]

    def move(self, product, served):
        self.seen = product

    def aggregate(self, jacobian, served=None):
        raise NotImplementedError

    def wanted(self, jacobian, weights):
        return jacobian @ (weights @ jacobian)


class Combining(JacobianAggregator):
    """Keeps the Jacobian, makes the same update of it as the others."""

    needs = frozenset({Need.JACOBIAN, Need.PRESENT})

    def combine(self, jacobian, served=None):
        self.seen = jacobian
        return WEIGHTS[served.indices].to(jacobian) @ jacobian

    def wanted(self, jacobian, weights):
        return jacobian


WAYS = {
    "auto": (Weighing, {}),
    "batched": (Weighing, {"engine": "batched"}),
    "per_task": (Weighing, {"engine": "per_task"}),
    "product": (Carrying, {}),
    "jacobian": (Combining, {}),
}
EVERY_WAY = pytest.mark.parametrize("way", list(WAYS))


def follow(way, losses, shared, **options):
    aggregator, engine = WAYS[way]
    method = aggregator()
    weights = backward(losses, shared, method, **engine, **options)
    return method, weights


def flat(gradients):
    pieces = [g.to_dense() if g.is_sparse else g for g in gradients]
    real = [torch.view_as_real(g) if g.is_complex() else g for g in pieces]
    return torch.cat([g.flatten() for g in real])


def gradients_of(shared):
    return flat([torch.zeros_like(p) if p.grad is None else p.grad for p in shared])


def agree(way, losses, shared, jacobian=None, rtol=1e-5, **options):
    """What the aggregator saw and the update are those of the explicit Jacobian."""
    present = options.get("present", torch.ones(len(losses), dtype=torch.bool))
    if jacobian is None:
        joined = losses if isinstance(losses, torch.Tensor) else torch.stack(losses)
        jacobian = per_task_jacobian(joined, shared)[present]
    before = gradients_of(shared)
    method, weights = follow(way, losses, shared, **options)
    fixed = WEIGHTS[: len(present)][present].to(jacobian)
    pairs = [
        (method.seen, method.wanted(jacobian, fixed)),
        (gradients_of(shared) - before, fixed @ jacobian),
    ]
    for got, wanted in pairs:
        scale = float(wanted.abs().max()) if wanted.numel() else 0.0
        torch.testing.assert_close(
            got, wanted, rtol=rtol, atol=rtol * scale + 1e-9, check_dtype=False
        )
    assert not weights[~present].any()
    return method, weights


# ── networks ─────────────────────────────────────────────────────────────────────────────────


@EVERY_WAY
@pytest.mark.parametrize("name", list(CONDITIONS))
def test_networks(name, way):
    network, twin = CONDITIONS[name](), CONDITIONS[name]()
    torch.manual_seed(3)
    jacobian = per_task_jacobian(torch.stack(twin.losses()), twin.shared())
    torch.manual_seed(3)
    agree(way, network.losses(), network.shared(), jacobian)
    frozen = [p for p in network.trunk.parameters() if not p.requires_grad]
    assert all(p.grad is None for p in frozen)


@EVERY_WAY
def test_batch_statistics_are_learnt_once_a_step(way):
    network, twin = CONDITIONS["batch norm"](), CONDITIONS["batch norm"]()
    agree(way, network.losses(), network.shared())
    twin.losses()
    for name, buffer in twin.named_buffers():
        assert torch.equal(buffer, network.get_buffer(name)), name


@EVERY_WAY
def test_nothing_is_drawn_in_backward_passes(way):
    for name in ("dropout", "checkpoint"):
        network = CONDITIONS[name]()
        losses = network.losses()
        state = torch.get_rng_state()
        follow(way, losses, network.shared())
        assert torch.equal(state, torch.get_rng_state())


class Partial(nn.Module):
    """The first task uses one layer, the last another, the second both; one layer none."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 5) for _ in range(3))
        self.heads = nn.ModuleList(nn.Linear(5, 1) for _ in range(3))
        self.inputs = numbers(8, 4)

    def losses(self):
        first, last = (self.layers[k](self.inputs).tanh() for k in (0, 1))
        features = (first, first * last, last)
        return [head(one).square().mean() for head, one in zip(self.heads, features, strict=True)]


@EVERY_WAY
def test_parameters_of_some_tasks_only(way):
    network = Partial()
    agree(way, network.losses(), list(network.layers.parameters()))
    unused = network.layers[2].weight.grad
    assert unused is None or not unused.any()


@EVERY_WAY
def test_parameters_that_are_listed_twice_count_once(way):
    network = NETWORKS["tied"]()
    losses = network.losses()
    shared = network.shared()
    jacobian = per_task_jacobian(torch.stack(losses), shared)
    method, _ = follow(way, losses, [*shared, *shared])
    torch.testing.assert_close(method.seen, method.wanted(jacobian, WEIGHTS), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(gradients_of(shared), WEIGHTS @ jacobian, rtol=1e-4, atol=1e-6)


class Waves(nn.Module):
    """A complex and a real parameter, met by two tasks; or both as real numbers."""

    def __init__(self, as_pairs) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(0)
        start = torch.randn(4, 4, dtype=torch.complex64, generator=draw)
        self.as_pairs = as_pairs
        self.matrix = nn.Parameter(torch.view_as_real(start) if as_pairs else start)
        self.scale = nn.Parameter(torch.ones(4))
        self.inputs = numbers(8, 4)

    def losses(self):
        matrix = torch.view_as_complex(self.matrix) if self.as_pairs else self.matrix
        waves = self.inputs.to(matrix) @ matrix
        return [waves.real.sin().mean() + self.scale.sum(), (waves.imag * self.scale).cos().mean()]


@EVERY_WAY
def test_complex_parameters_are_pairs_of_numbers(way):
    network, pairs = Waves(as_pairs=False), Waves(as_pairs=True)
    jacobian = per_task_jacobian(torch.stack(pairs.losses()), list(pairs.parameters()))
    own = per_task_jacobian(torch.stack(network.losses()), list(network.parameters()))
    torch.testing.assert_close(own, jacobian)
    agree(way, network.losses(), list(network.parameters()), jacobian)


def test_sparse_embeddings_keep_sparse_gradients():
    network = CONDITIONS["sparse embedding"]()
    table = network.trunk[0].weight
    optimizer = torch.optim.SparseAdam([table])
    for _ in range(2):  # the second one adds
        follow("auto", network.losses(), network.shared())
    assert table.grad.is_sparse
    optimizer.step()


def test_what_has_no_batched_form_goes_task_by_task():
    network = CONDITIONS["checkpoint"]()  # draws its dropout again in every pass
    torch.manual_seed(0)
    losses = network.losses()
    with pytest.raises(RuntimeError, match="random"):
        torch.autograd.grad(
            torch.stack(losses),
            network.shared(),
            torch.eye(3),
            is_grads_batched=True,
            retain_graph=True,
        )
    agree("batched", losses, network.shared())


# ── precision ────────────────────────────────────────────────────────────────────────────────


@EVERY_WAY
def test_a_forward_pass_under_autocast(way):
    network = NETWORKS["wide"]()
    with torch.autocast("cpu", torch.bfloat16):
        losses = network.losses()
    agree(way, losses, network.shared(), rtol=0.01)
    assert all(p.grad.dtype == torch.float32 for p in network.shared())


@EVERY_WAY
@pytest.mark.parametrize("name", ["mlp", "wide"])
def test_autocast_around_the_engine_costs_no_precision(way, name):
    network = NETWORKS[name]()
    losses, shared = network.losses(), network.shared()
    jacobian = per_task_jacobian(torch.stack(losses), shared)
    with torch.autocast("cpu", torch.bfloat16):
        inner = gramian(losses, shared)
        method, _ = follow(way, losses, shared)
    torch.testing.assert_close(inner, jacobian @ jacobian.T, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(method.seen, method.wanted(jacobian, WEIGHTS), rtol=1e-4, atol=1e-6)


@EVERY_WAY
def test_double_precision_throughout(way):
    network = NETWORKS["mlp"]().double()
    network.inputs, network.targets = network.inputs.double(), network.targets.double()
    method, weights = agree(way, network.losses(), network.shared(), rtol=1e-12)
    assert method.seen.dtype == weights.dtype == network.shared()[0].grad.dtype == torch.float64


@EVERY_WAY
def test_losses_of_several_types(way):
    network = NETWORKS["mlp"]()
    losses = network.losses()
    losses[1] = losses[1].double()
    _, weights = agree(way, losses, network.shared())
    assert weights.dtype == torch.float64
    assert network.shared()[0].grad.dtype == torch.float32


# ── losses ───────────────────────────────────────────────────────────────────────────────────


@EVERY_WAY
def test_losses_that_are_made_of_each_other(way):
    network = NETWORKS["mlp"]()
    losses = network.losses()
    losses[2] = losses[0] + losses[1]
    agree(way, losses, network.shared())


@EVERY_WAY
@pytest.mark.parametrize("joined", [False, True])
def test_a_constant_loss_has_no_gradient(way, joined):
    network = NETWORKS["mlp"]()
    losses = network.losses()
    losses[1] = torch.tensor(2.0)
    jacobian = per_task_jacobian(
        torch.stack([losses[0], 0 * losses[0], losses[2]]), network.shared()
    )
    agree(way, torch.stack(losses) * 1 if joined else losses, network.shared(), jacobian)


@EVERY_WAY
@pytest.mark.parametrize("present", [[True, False, True], [False, True, False]])
def test_absent_tasks(way, present):
    network = NETWORKS["mlp"]()
    _, weights = agree(way, network.losses(), network.shared(), present=torch.tensor(present))
    assert (weights != 0).tolist() == present
    for head, there in zip(network.heads, present, strict=True):
        assert there == (head.weight.grad is not None and bool(head.weight.grad.any()))


@EVERY_WAY
@pytest.mark.parametrize("graph", [False, True])
def test_nothing_moves_without_any_task(way, graph):
    network = NETWORKS["mlp"]()
    losses = network.losses() if graph else [torch.zeros(())] * 3
    method, weights = follow(way, losses, network.shared(), present=torch.zeros(3).bool())
    assert not weights.any()
    assert not hasattr(method, "seen")
    assert all(p.grad is None for p in network.parameters())


@EVERY_WAY
def test_one_task_alone(way):
    network = NETWORKS["mlp"]()
    agree(way, network.losses()[:1], network.shared())


@EVERY_WAY
def test_a_present_task_that_reaches_no_shared_parameter(way):
    network = NETWORKS["mlp"]()
    losses = network.losses()
    losses[1] = network.heads[1].weight.square().sum()
    jacobian = torch.zeros(1, sum(p.numel() for p in network.shared()))
    agree(way, losses, network.shared(), jacobian, present=torch.tensor([False, True, False]))
    assert network.heads[1].weight.grad.any()


def test_the_gramian_without_any_shared_parameter_in_reach():
    network, other = NETWORKS["mlp"](), NETWORKS["mlp"]()
    for engine in ("auto", "batched", "per_task"):
        with pytest.raises(ParameterError, match=r"of gramian must depend on .* No loss does"):
            gramian(network.losses(), other.shared(), engine=engine)


@EVERY_WAY
@pytest.mark.parametrize("rows", [None, torch.zeros(0, dtype=torch.long)])
def test_batches_without_rows(way, rows):
    network = NETWORKS["wide"]()
    network.inputs = network.inputs[:0]
    features = network.features()
    losses = [head(features).square().sum() for head in network.heads]
    follow(way, losses, network.shared(), task_of_row=rows)
    assert not gradients_of(network.shared()).any()


# ── hints ────────────────────────────────────────────────────────────────────────────────────


@EVERY_WAY
def test_heads_that_go_past_the_features(way):
    network = NETWORKS["mlp"]()  # as a head that is tied to an embedding does
    features = network.features()
    past = network.trunk[0].weight.square().sum() * torch.tensor([1.0, 2.0, 0.0])
    losses = torch.stack(network.losses(features)) + past
    agree(way, losses, network.shared(), features=features)


@EVERY_WAY
def test_features_that_heads_did_not_start_from(way):
    network = NETWORKS["mlp"]()
    features = network.features()
    losses = torch.stack(network.losses(features)) * 1
    agree(way, losses, network.shared(), features=features.flatten())
    losses = network.losses()
    with pytest.raises(ParameterError, match="`features` parameter of backward must be tensors th"):
        backward(losses, network.shared(), MGDA(), engine="features", features=features)


def own_rows():
    """Three tasks of four rows each, computed together."""
    network = Trunk(mlp, numbers(12, 4))
    features = network.features()
    losses = [
        (head(own) - 1).square().mean()
        for head, own in zip(network.heads, features.split(4), strict=True)
    ]
    return network, features, losses, torch.arange(3).repeat_interleave(4)


@EVERY_WAY
@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8])
def test_rows_of_any_whole_type(way, dtype):
    network, features, losses, rows = own_rows()
    agree(way, losses, network.shared(), task_of_row=rows.to(dtype), features=features)


@EVERY_WAY
@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows + 1,
        lambda rows: rows - 1,
        lambda rows: rows.float(),
        lambda rows: rows > 0,
        lambda rows: rows[:, None],
        lambda rows: rows[:6],
        lambda rows: torch.cat([rows, rows]),
    ],
)
def test_rows_that_cannot_be_are_refused(way, change):
    network, features, losses, rows = own_rows()
    with pytest.raises(
        ParameterError, match=r"The `task_of_row` parameter of backward must be .*Got"
    ):
        follow(way, losses, network.shared(), task_of_row=change(rows), features=features)
    assert all(p.grad is None for p in network.parameters())


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
@pytest.mark.parametrize("compiled", [False, True])
def test_rows_that_batch_statistics_mix(compiled):
    normalisation = nn.BatchNorm1d(5, affine=False)
    if compiled:  # what is compiled does not show what it does
        normalisation = torch.compile(normalisation, backend="aot_eager")
    network = Trunk(lambda: nn.Sequential(nn.Linear(4, 5), normalisation), numbers(12, 4))
    losses = [
        head(own).square().mean()
        for head, own in zip(network.heads, network.features().split(4), strict=True)
    ]
    agree("auto", losses, network.shared(), task_of_row=torch.arange(3).repeat_interleave(4))


@pytest.mark.parametrize("n_rows", [5, 9, 15, 24])
def test_rows_of_a_wrong_length_show_at_the_layers(n_rows):
    network, _, losses, _ = own_rows()
    rows = torch.zeros(n_rows, dtype=torch.long)
    with pytest.raises(ParameterError, match=r"one number per row .* a layer sees 12"):
        follow("auto", losses, network.shared(), task_of_row=rows)
    assert all(p.grad is None for p in network.parameters())


@pytest.mark.usefixtures("unchecked_types")
def test_present_needs_an_entry_a_task():
    network = NETWORKS["mlp"]()
    for present in (torch.ones(2).bool(), torch.ones(3, 1).bool()):
        with pytest.raises(ParameterError, match=r"`present` parameter .* of shape \(3,\)"):
            follow("auto", network.losses(), network.shared(), present=present)


# ── what is left behind ──────────────────────────────────────────────────────────────────────


@EVERY_WAY
def test_hooks_see_the_update_once(way):
    network = NETWORKS["wide"]()
    calls = []
    for name, p in network.named_parameters():
        p.register_hook(lambda g, name=name: calls.append((name, "gradient", g.clone())))
        p.register_post_accumulate_grad_hook(
            lambda p, name=name: calls.append((name, "after", p.grad.clone()))
        )
    losses = network.losses()
    jacobian = per_task_jacobian(torch.stack(losses), network.shared())
    calls.clear()
    agree(way, losses, network.shared(), jacobian)
    names = [name for name, _ in network.named_parameters()]
    assert sorted(call[:2] for call in calls) == sorted(
        (name, what) for name in names for what in ("gradient", "after")
    )
    assert all(torch.equal(seen, network.get_parameter(name).grad) for name, _, seen in calls)


@EVERY_WAY
def test_hooks_may_change_the_update(way):
    network = NETWORKS["wide"]()
    first = network.trunk[0].weight
    losses = network.losses()
    jacobian = per_task_jacobian(torch.stack(losses), network.shared())
    handle = first.register_hook(lambda g: g * 3)
    method, _ = follow(way, losses, network.shared())
    torch.testing.assert_close(method.seen, method.wanted(jacobian, WEIGHTS), rtol=1e-4, atol=1e-6)
    update = (WEIGHTS @ jacobian)[: first.numel()].view_as(first)
    torch.testing.assert_close(first.grad, 3 * update, rtol=1e-4, atol=1e-6)
    handle.remove()


@EVERY_WAY
def test_gradients_add_to_the_tensors_that_are_there(way):
    network = NETWORKS["wide"]()
    for p in network.parameters():
        p.grad = torch.ones_like(p)
    there = [p.grad for p in network.parameters()]
    agree(way, network.losses(), network.shared())
    assert all(p.grad is grad for p, grad in zip(network.parameters(), there, strict=True))
    assert all(bool((p.grad != 1).any()) for p in network.shared())


@EVERY_WAY
def test_no_two_parameters_hold_one_gradient(way):
    one, other = (nn.Parameter(numbers(3)) for _ in range(2))
    total = one + other
    agree(way, [total.square().sum(), total.sin().sum()], [one, other])
    one.grad.zero_()
    assert other.grad.any()


@EVERY_WAY
def test_what_the_user_gave_is_left_as_it_was(way):
    network, features, losses, rows = own_rows()
    joined, present = torch.stack(losses), torch.tensor([True, True, False])
    given = [network.inputs, joined, features, rows, present, *network.parameters()]
    before = [one.detach().clone() for one in given]
    versions = [one._version for one in given]
    follow(way, joined, network.shared(), task_of_row=rows, present=present, features=features)
    assert all(torch.equal(one, old) for one, old in zip(given, before, strict=True))
    assert versions == [one._version for one in given]
