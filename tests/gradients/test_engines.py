"""Every engine against the explicit Jacobian, on networks of every make."""

import pytest
import torch
from gradient_networks import NETWORKS, Trunk, mlp, numbers
from torch import nn

from polytask.aggregation import MGDA, Aggregator, GramianAggregator, JacobianAggregator
from polytask.exceptions import ParameterError
from polytask.gradients import Need, backward, gramian, per_task_jacobian, slopes

EVERY = pytest.mark.parametrize("name", list(NETWORKS))
WEIGHTS = torch.tensor([0.5, -0.2, 2.0])


class Spy(GramianAggregator):
    """Keeps the Gramian, answers fixed weights."""

    def weights(self, gramian):
        self.gramian = gramian
        return WEIGHTS[: len(gramian)]


class Carrier(Aggregator):
    """Keeps the slopes along the update of fixed weights."""

    needs = frozenset({Need.PRODUCT, Need.PRESENT})

    def carried(self, served):
        return WEIGHTS[served.indices]

    def move(self, product, served):
        self.product = product

    def aggregate(self, jacobian, served=None):
        raise NotImplementedError


def reference(network):
    """The Jacobian on shared parameters, and all gradients of the weighted sum."""
    torch.manual_seed(3)
    losses = torch.stack(network.losses())
    jacobian = per_task_jacobian(losses, network.shared())
    (WEIGHTS * losses).sum().backward()
    gradients = {name: p.grad for name, p in network.named_parameters() if p.grad is not None}
    network.zero_grad()
    return jacobian, gradients


def compare(network, gradients, scale=1.0):
    for name, parameter in network.named_parameters():
        wanted = gradients.get(name)
        if wanted is None:
            assert parameter.grad is None or not parameter.grad.any()
            continue
        close_enough = {"rtol": 1e-4, "atol": 1e-6 * scale}  # rounding grows with the scale
        torch.testing.assert_close(parameter.grad, scale * wanted, **close_enough, msg=name)


def close(got, wanted):
    torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-5 * float(wanted.abs().max()))


def step(network, aggregator, **options):
    torch.manual_seed(3)
    backward(network.losses(), network.shared(), aggregator, **options)


@EVERY
@pytest.mark.parametrize("engine", ["layerwise", "batched", "per_task"])
def test_gramian_and_update_are_those_of_the_jacobian(name, engine):
    jacobian, gradients = reference(NETWORKS[name]())
    network, spy = NETWORKS[name](), Spy()
    step(network, spy, engine=engine)
    close(spy.gramian, jacobian @ jacobian.T)
    compare(network, gradients)


@EVERY
def test_slopes_are_those_of_the_jacobian(name):
    jacobian, gradients = reference(NETWORKS[name]())
    network, carrier = NETWORKS[name](), Carrier()
    step(network, carrier)
    close(carrier.product, jacobian @ (WEIGHTS @ jacobian))
    compare(network, gradients)


@EVERY
def test_scaled_losses_scale_gradients_and_nothing_else(name):
    jacobian, gradients = reference(NETWORKS[name]())
    for aggregator in (Spy(), Carrier()):
        network = NETWORKS[name]()
        step(network, aggregator, scale=8.0)
        compare(network, gradients, scale=8.0)
    close(aggregator.product, jacobian @ (WEIGHTS @ jacobian))


def test_surrogates_see_less_and_update_all():
    for engine in ("last_layer", "features"):
        network, spy = NETWORKS["wide"](), Spy()
        _, gradients = reference(NETWORKS["wide"]())
        features = network.features()
        last = per_task_jacobian(
            torch.stack(network.losses(features)),
            [features] if engine == "features" else list(network.trunk[2].parameters()),
        )
        backward(network.losses(features), network.shared(), spy, engine=engine, features=features)
        close(spy.gramian, last @ last.T)
        compare(network, gradients)


def test_losses_that_were_stacked_are_taken_apart():
    network, spy = NETWORKS["mlp"](), Spy()
    jacobian, gradients = reference(NETWORKS["mlp"]())
    backward(torch.stack(network.losses()), network.shared(), spy)
    close(spy.gramian, jacobian @ jacobian.T)
    compare(network, gradients)


def test_half_precision_trunks():
    jacobian, _ = reference(NETWORKS["wide"]())
    network, spy = NETWORKS["wide"](), Spy()
    torch.manual_seed(3)
    with torch.autocast("cpu", torch.bfloat16):
        features = network.features()
    backward(network.losses(features.float()), network.shared(), spy)
    assert network.trunk[0].weight.grad.dtype == torch.float32
    torch.testing.assert_close(spy.gramian, jacobian @ jacobian.T, rtol=0.1, atol=0.02)


class OwnInputs(nn.Module):
    """Three tasks with inputs of their own through one trunk."""

    def __init__(self, n_rows) -> None:
        super().__init__()
        self.network = Trunk(mlp, numbers(3 * n_rows, 4))
        self.n_rows = n_rows

    def losses(self, apart):
        inputs = self.network.inputs.split(self.n_rows)
        if apart:
            features = [self.network.trunk(own) for own in inputs]
        else:
            features = self.network.trunk(torch.cat(inputs)).split(self.n_rows)
        return [
            (head(own) - 1).square().mean()
            for head, own in zip(self.network.heads, features, strict=True)
        ]


@pytest.mark.parametrize("n_rows", [2, 40])
def test_tasks_with_rows_of_their_own(n_rows):
    own = OwnInputs(n_rows)
    shared = own.network.shared()
    jacobian = per_task_jacobian(torch.stack(own.losses(apart=True)), shared)
    tasks = torch.arange(3).repeat_interleave(n_rows)
    for options in ({"apart": True}, {"apart": False}):
        for rows in (None, None if options["apart"] else tasks):
            spy = Spy()
            own.zero_grad()
            backward(own.losses(**options), shared, spy, task_of_row=rows)
            close(spy.gramian, jacobian @ jacobian.T)
            update = torch.cat([p.grad.flatten() for p in shared])
            close(update, WEIGHTS @ jacobian)


def test_absent_tasks_rows_take_no_part():
    own = OwnInputs(4)
    shared = own.network.shared()
    jacobian = per_task_jacobian(torch.stack(own.losses(apart=True)), shared)[[0, 2]]
    present, spy = torch.tensor([True, False, True]), Spy()
    losses = torch.where(present, torch.stack(own.losses(apart=False)), 0.0)
    tasks = torch.arange(3).repeat_interleave(4)
    backward(losses, shared, spy, task_of_row=tasks, present=present)
    close(spy.gramian, jacobian @ jacobian.T)


def test_batch_statistics_mix_rows():
    network = NETWORKS["normalised"]()
    network.trunk[2].p = 0.0
    tasks = torch.arange(8) % 3
    features = network.features()
    losses = [head(features)[tasks == k].square().mean() for k, head in enumerate(network.heads)]
    jacobian = per_task_jacobian(torch.stack(losses), network.shared())
    spy = Spy()
    backward(losses, network.shared(), spy, task_of_row=tasks)
    close(spy.gramian, jacobian @ jacobian.T)


class Counter(JacobianAggregator):
    """The whole Jacobian, and which tasks it is of."""

    needs = frozenset({Need.JACOBIAN, Need.PRESENT})

    def combine(self, jacobian, served=None):
        self.jacobian, self.rows = jacobian, served.indices
        return jacobian.sum(0)


def test_the_jacobian_has_a_column_for_every_shared_parameter():
    network, counter = NETWORKS["mlp"](), Counter()
    unused = nn.Parameter(torch.ones(2))
    jacobian, _ = reference(NETWORKS["mlp"]())
    present = torch.tensor([True, False, True])
    backward(network.losses(), [unused, *network.shared()], counter, present=present)
    assert counter.rows.tolist() == [0, 2]
    assert not counter.jacobian[:, :2].any()
    assert unused.grad is None
    close(counter.jacobian[:, 2:], jacobian[[0, 2]])


def test_slopes_without_a_second_derivative_are_taken_one_by_one():
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 3

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, gradient):
            return gradient * 3

    point = nn.Parameter(torch.tensor([1.0, 2.0]))
    tripled = Once.apply(point)
    losses = torch.stack([tripled.sum(), tripled.prod()])
    assert slopes(losses, [point], [torch.tensor([1.0, 0.0])]).tolist() == [3.0, 18.0]


def test_a_second_batch_gives_the_slopes():
    network, other, carrier = NETWORKS["mlp"](), NETWORKS["mlp"](), Carrier()
    other.trunk.load_state_dict(network.trunk.state_dict())
    jacobian, _ = reference(NETWORKS["mlp"]())
    inputs = network.inputs
    first = network.losses()
    network.inputs = inputs.flip(0) * 2
    second = network.losses()
    along = per_task_jacobian(torch.stack(second), network.shared()) @ (WEIGHTS @ jacobian)
    carrier.needs = frozenset({Need.PRODUCT, Need.SECOND_BATCH})
    backward(first, network.shared(), carrier, second=second)
    close(carrier.product, along)


def test_a_compiled_looking_module_is_taken_as_it_is():
    network, spy = NETWORKS["odd"](), Spy()
    step(network, spy)
    assert spy.gramian.shape == (3, 3)


def test_unknown_engines_and_missing_features_are_refused():
    network = NETWORKS["mlp"]()
    with pytest.raises(ParameterError, match="`engine` parameter of backward must be one of"):
        backward(network.losses(), network.shared(), MGDA(), engine="fast")
    with pytest.raises(ParameterError, match="Give it as `features`"):
        backward(network.losses(), network.shared(), MGDA(), engine="features")


@pytest.mark.parametrize("name", ["mlp", "cnn", "transformer"])
def test_heads_computed_together_are_passed_once(name):
    network, spy = NETWORKS[name](), Spy()
    features = network.features()
    fused = torch.stack([head(features) for head in network.heads], dim=1)
    losses = (fused - network.targets).square().mean(dim=(0, 2))
    jacobian = per_task_jacobian(losses, network.shared())
    backward(losses, network.shared(), spy, features=features)
    close(spy.gramian, jacobian @ jacobian.T)
    close(torch.cat([p.grad.flatten() for p in network.shared()]), WEIGHTS @ jacobian)


@EVERY
def test_what_does_not_fit_into_memory_is_found_in_rounds(name):
    jacobian, gradients = reference(NETWORKS[name]())
    network, spy = NETWORKS[name](), Spy()
    step(network, spy, memory_limit=1)
    close(spy.gramian, jacobian @ jacobian.T)
    compare(network, gradients)


@pytest.mark.parametrize("options", [{}, {"memory_limit": 1}, {"aggregator": Carrier()}])
def test_heads_may_follow_their_plain_losses(options):
    network, wanted = NETWORKS["mlp"](), NETWORKS["mlp"]()
    _, gradients = reference(wanted)
    step(network, **{"aggregator": Spy(), "heads": "plain", **options})
    sum(wanted.losses()).backward()
    for ours, plain in zip(network.heads.parameters(), wanted.heads.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, plain.grad)
    close(network.trunk[0].weight.grad, gradients["trunk.0.weight"])


def test_the_gramian_alone():
    network = NETWORKS["mlp"]()
    jacobian, _ = reference(NETWORKS["mlp"]())
    jacobian[1] = 0
    got = gramian(network.losses(), network.shared(), present=torch.tensor([True, False, True]))
    close(got, jacobian @ jacobian.T)


def test_the_engine_is_said_once(caplog):
    caplog.set_level("INFO", logger="polytask.gradients")
    for _ in range(2):
        network = Trunk(lambda: nn.Linear(4, 17), numbers(8, 4))
        step(network, Spy())
    said = [record.getMessage() for record in caplog.records]
    assert said == ["gradients by engine 'auto': a 4 × 17 layer factored"]


def test_parameters_of_another_network_are_refused():
    network = NETWORKS["mlp"]()
    with pytest.raises(ParameterError, match="must depend on `shared_parameters`"):
        backward(network.losses(), NETWORKS["mlp"]().shared(), MGDA())


@pytest.mark.parametrize("change", ["bias", "none", "two layers", "shared head", "absent"])
def test_linear_heads_are_passed_once_at_the_features(change):
    network, spy = NETWORKS["wide"](), Spy()
    present = torch.tensor([True, change != "absent", True])
    if change == "none":
        network.heads = nn.ModuleList(nn.Linear(20, k + 1, bias=False) for k in range(3))
        network.targets = torch.zeros(8, 3, 1)
    if change == "two layers":
        network.heads[1] = nn.Sequential(nn.Linear(20, 4), nn.Tanh(), nn.Linear(4, 2))
    if change == "shared head":
        network.heads[1] = network.heads[0]
    features = network.features()
    losses = [
        (head(features) - network.targets[:, k]).square().mean() * (k + 2)
        for k, head in enumerate(network.heads)
    ]
    jacobian = per_task_jacobian(torch.stack(losses), [features])[present]
    backward(losses, network.shared(), spy, engine="features", features=features, present=present)
    close(spy.gramian, jacobian @ jacobian.T)


def images(convolution):
    return Trunk(
        lambda: nn.Sequential(convolution, nn.Tanh(), nn.Flatten(), nn.LazyLinear(4)),
        numbers(9, 2, 6, 6),
    )


@pytest.mark.parametrize(
    "convolution",
    [
        lambda: nn.Conv2d(2, 4, 3, stride=2, padding=1),
        lambda: nn.Conv2d(2, 4, 3, groups=2, dilation=2, bias=False),
        lambda: nn.ConvTranspose2d(2, 3, 2),
    ],
)
@pytest.mark.parametrize("cancelled", [None, 0])
def test_convolutions_of_tasks_with_rows_of_their_own(convolution, cancelled):
    network, spy = images(convolution()), Spy()
    tasks = torch.tensor([0, 2, 1, 1, 2, 0, 0, 2, 2])
    if cancelled is not None:  # a task without rows
        tasks = tasks.clamp(min=1)
    features = network.features()
    losses = [head(features)[tasks == k].square().sum() for k, head in enumerate(network.heads)]
    jacobian = per_task_jacobian(torch.stack(losses), network.shared())
    backward(losses, network.shared(), spy, task_of_row=tasks)
    close(spy.gramian, jacobian @ jacobian.T)
    close(torch.cat([p.grad.flatten() for p in network.shared()]), WEIGHTS @ jacobian)


def test_convolutions_see_rows_that_do_not_fit():
    network = images(nn.Conv2d(2, 4, 3))
    with pytest.raises(
        ParameterError, match="`task_of_row` parameter of backward must be one number per"
    ):
        backward(
            network.losses(), network.shared(), Spy(), task_of_row=torch.zeros(6, dtype=torch.long)
        )


def test_memory_of_own_rows_is_used_again_and_not_shared():
    own = OwnInputs(40)
    shared = own.network.shared()
    for _ in range(3):
        own.zero_grad()
        losses = own.losses(apart=True)
        jacobian = per_task_jacobian(torch.stack(losses), shared)
        before, spy = gramian(losses, shared), Spy()
        backward(losses, shared, spy)
        kept = [p.grad.clone() for p in shared]
        backward(own.losses(apart=True), shared, Spy())
        close(before, jacobian @ jacobian.T)
        close(spy.gramian, jacobian @ jacobian.T)
        close(torch.cat([p.flatten() for p in kept]), WEIGHTS @ jacobian)
        close(torch.cat([p.grad.flatten() for p in shared]), 2 * WEIGHTS @ jacobian)
        with torch.no_grad():
            shared[0].add_(0.1)
