"""Torch's global settings change no bit of what is fitted, and are as before afterwards."""

import inspect
from contextlib import ExitStack, contextmanager, nullcontext

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode

import polytask
from polytask import aggregation, weighting
from polytask.aggregation import Aggregator
from polytask.architectures import HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.encoders import MLP
from polytask.gradients import backward, gramian
from polytask.learners import resolve_learner
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer
from polytask.weighting import Weighting


@contextmanager
def default_dtype(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextmanager
def default_device(device):
    torch.set_default_device(device)
    try:
        yield
    finally:
        torch.set_default_device(None)


@contextmanager
def deterministic():
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


@contextmanager
def grad_disabled():
    torch.set_grad_enabled(False)
    try:
        yield
    finally:
        torch.set_grad_enabled(True)


SETTINGS = {
    "float64": lambda: default_dtype(torch.float64),
    "bfloat16": lambda: default_dtype(torch.bfloat16),
    "meta": lambda: default_device("meta"),
    "with meta": lambda: torch.device("meta"),
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "grad disabled": grad_disabled,
    "deterministic": deterministic,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
}


@contextmanager
def everything():
    with ExitStack() as stack:
        for name in ("float64", "meta", "no_grad", "deterministic", "autocast"):
            stack.enter_context(SETTINGS[name]())
        yield


SETTINGS["everything"] = everything
QUICK = ("everything", "inference_mode")
EACH = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in SETTINGS]


def state():
    """The global settings."""
    return (
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_autocast_enabled("cpu"),
    )


@pytest.fixture(params=EACH)
def setting(request):
    return SETTINGS[request.param]


# ── whole runs ────────────────────────────────────────────────────────────────────────────────────
X = [i / 20 for i in range(40)]
WIDE = polytask.read(
    {"x": X, "c": list("abcd") * 10, "y": [int(v > 1) for v in X], "z": [v * v for v in X]},
    ["y", "z"],
)
LONG = polytask.read(
    {"x": X, "s": ["p", "q"] * 20, "y": [v * (1 + i % 2) for i, v in enumerate(X)]},
    target="y",
    task_column="s",
)
STEPS = Trainer(steps=6, batch_size=8)
LEARNERS = {
    "hard_sharing": MultiTaskNetwork(HardSharing(MLP((8,), dropout=0.1)), STEPS),
    "single_task": MultiTaskNetwork(SingleTask(MLP((8,))), STEPS),
    "balanced": MultiTaskNetwork(
        HardSharing(MLP((8,))),
        Trainer(steps=6, batch_size=8, weighting="uncertainty_weighting", aggregation="nash_mtl"),
    ),
    "held out": MultiTaskNetwork(
        HardSharing(MLP((8,))), Trainer(steps=6, batch_size=8, weighting="auto_lambda")
    ),
    "optimised": MultiTaskNetwork(
        HardSharing(MLP((8,)), initializer="orthogonal"),
        Trainer(
            steps=6,
            optimizer="adamw",
            scheduler="one_cycle_lr",
            scheduler_options={"max_lr": 0.01},
            clip_norm=1.0,
            task_patience=1,
            evaluate_every=2,
        ),
    ),
    "own module": MultiTaskNetwork(
        HardSharing(
            lambda in_shape: torch.nn.Sequential(torch.nn.Linear(in_shape[0], 4), torch.nn.GELU())
        ),
        STEPS,
    ),
    "linear": resolve_learner("linear"),
}


def answers(data, learner):
    predictor = polytask.fit(data, learner, seed=0)
    return predictor, {name: one.raw for name, one in predictor.predict(data).items()}


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)
        assert found[name].dtype == values.dtype


@pytest.mark.filterwarnings("ignore:This recipe can be trained")
@pytest.mark.parametrize("name", LEARNERS)
def test_fit_and_predict(setting, name):
    assert_unchanged(setting, name, WIDE)


@pytest.mark.parametrize("name", ["hard_sharing", "single_task"])
def test_fit_and_predict_rows_of_their_own(setting, name):
    assert_unchanged(setting, name, LONG)


def assert_unchanged(setting, name, data):
    _, expected = answers(data, LEARNERS[name])
    with setting():
        before = state()
        predictor, found = answers(data, LEARNERS[name])
        assert state() == before
    assert_same(found, expected)
    assert_same({name: one.raw for name, one in predictor.predict(data).items()}, expected)


def test_save_and_load(setting, tmp_path):
    predictor, expected = answers(WIDE, LEARNERS["hard_sharing"])
    with setting():
        before = state()
        predictor.save(tmp_path / "model")
        loaded = polytask.load(tmp_path / "model")
        found = {name: one.raw for name, one in loaded.predict(WIDE).items()}
        assert state() == before
    assert_same(found, expected)


@pytest.mark.parametrize(
    "setting", [everything, pytest.param(torch.inference_mode, marks=pytest.mark.slow)]
)
def test_compare(setting):
    def compared():
        found = polytask.compare(
            WIDE, [LEARNERS["hard_sharing"], "linear"], seeds=1, budget=Budget(steps=4), quiet=True
        )
        return [row.tasks for row in found.learners]

    expected = compared()
    with setting():
        before = state()
        assert compared() == expected
        assert state() == before


# ── loops of one's own ────────────────────────────────────────────────────────────────────────────
def methods(room, base):
    things = (getattr(room, name) for name in room.__all__)
    return [
        thing
        for thing in things
        if inspect.isclass(thing) and issubclass(thing, base) and not inspect.isabstract(thing)
    ]


def by_hand(aggregator, context=nullcontext):
    """Gradients of three steps; the network and its losses are made under default settings."""
    torch.manual_seed(0)
    trunk = torch.nn.Linear(5, 4)
    heads = torch.nn.ModuleList([torch.nn.Linear(4, 1) for _ in range(3)])
    x, y = torch.randn(6, 16, 5), torch.randn(6, 3, 16)
    aggregator.start(3, device=torch.device("cpu"), generator=torch.Generator().manual_seed(1))
    gradients = []

    def losses(step):
        return torch.stack(
            [
                (head(trunk(x[step])).squeeze() - y[step, k]).square().mean()
                for k, head in enumerate(heads)
            ]
        )

    for step in range(3):
        first, second = losses(step), losses(step + 3)
        trunk.zero_grad()
        with context():
            before = state()
            weights = backward(first, trunk.parameters(), aggregator, second=second)
            assert state() == before
        gradients += [weights, *(parameter.grad.clone() for parameter in trunk.parameters())]
    return gradients


def built(method):
    arguments = {"ConFIG": {}}.get(method.__name__, {})
    missing = [
        parameter.name
        for parameter in inspect.signature(method).parameters.values()
        if parameter.default is parameter.empty
    ]
    if missing:
        pytest.skip(f"{method.__name__} needs {missing}")
    return method(**arguments)


@pytest.mark.parametrize("method", methods(aggregation, Aggregator))
@pytest.mark.parametrize("name", EACH)
def test_backward(method, name):
    expected = by_hand(built(method))
    found = by_hand(built(method), SETTINGS[name])
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
    assert all(one.dtype == torch.float32 for one in found)


def test_gramian(setting):
    point = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    expected = gramian([point.sum(), point[0] * 3], [point])
    losses = [point.sum(), point[0] * 3]
    with setting():
        assert torch.equal(gramian(losses, [point]), expected)


@pytest.mark.parametrize("method", methods(weighting, Weighting))
@pytest.mark.parametrize("name", EACH)
def test_weightings(method, name):
    losses, present = torch.tensor([0.5, 2.0, 1.0]), torch.tensor([True, True, False])

    def weights(context):
        one = built(method)
        one.start(3, device=torch.device("cpu"), generator=torch.Generator().manual_seed(1))
        with context():
            found = []
            for step in range(3):
                found.append(one.weights(losses / (step + 1), present))
                one.learn(losses / (step + 1), present)
                one.after_step(losses / (step + 2), present)
                one.end_epoch(losses / (step + 2))
            return found

    expected, found = weights(nullcontext), weights(SETTINGS[name])
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


# ── draws ─────────────────────────────────────────────────────────────────────────────────────────
class Watch(TorchFunctionMode):
    """Draws with a generator that leave the device to torch's default."""

    def __init__(self):
        super().__init__()
        self.found = set()

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        draws = name in {"randperm", "randn", "rand", "randint", "normal", "bernoulli"}
        if draws and kwargs.get("generator") is not None and kwargs.get("device") is None:
            self.found.add(name)
        return func(*args, **kwargs)


@pytest.mark.filterwarnings("ignore:This recipe can be trained")
@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("data", [WIDE, LONG], ids=["wide", "long"])
def test_draws_name_their_device(name, data):
    with Watch() as watch:
        answers(data, LEARNERS[name])
    assert not watch.found
