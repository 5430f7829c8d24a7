"""Every architecture with embedded numbers, and what its bins are learned from."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_architectures import cascade_for, data_for, small_architectures

import polytask
from polytask.architectures import HardSharing, Separate, SingleTask
from polytask.data import Bins, MultiTaskDataset, encode, fit_schemas
from polytask.encoders import (
    DCN,
    MLP,
    BinCoordinates,
    ByRole,
    FTTransformer,
    PackedMLP,
    Periodic,
    PiecewiseLinear,
    ResidualMLP,
    TabM,
)
from polytask.exceptions import ParameterError
from polytask.gradients import gramian, per_task_jacobian
from polytask.losses import MultiTaskLoss
from polytask.neural_network import MergedNetwork, MultiTaskNetwork
from polytask.neural_network._planned_network import plan_network
from polytask.testing import check_architecture, tiny_dataset
from polytask.training import Trainer, to_tensors

NUMBERS = PiecewiseLinear(6, width=3)
ENCODER = MLP((6, 6), dropout=0.2, numbers=NUMBERS)
ARCHITECTURES = small_architectures(ENCODER)
TRAINER = Trainer(steps=4, batch_size=16, evaluate_every=1, learning_rate=0.05)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_keeps_its_promises(name):
    recipe = ARCHITECTURES[name]
    assert recipe.bins == NUMBERS.bins
    data = data_for(recipe)
    check_architecture(recipe, [data])


@pytest.mark.parametrize("recipe", [HardSharing, SingleTask])
@pytest.mark.parametrize(
    "encoder",
    [
        MLP((6,), numbers=PiecewiseLinear(6, by="trees")),
        ResidualMLP(6, depth=1, numbers="piecewise_linear"),
        MLP((6,), numbers=Periodic(4)),
        MLP((6,), numbers=Periodic(4, lite=True)),
        ByRole({"numeric": MLP((4,), numbers=NUMBERS)}),
        TabM(2, (6,), numbers=NUMBERS),
        PackedMLP(2, (6,), numbers=NUMBERS),
        TabM(2, (6,), numbers="bin_coordinates"),
        FTTransformer(8, depth=1, n_heads=2, numbers=BinCoordinates(6)),
        DCN(1, widths=(6,), numbers=NUMBERS),
        FTTransformer(8, depth=1, n_heads=2, numbers=NUMBERS),
    ],
)
class TestEmbeddings:
    def test_on_a_table(self, recipe, encoder):
        check_architecture(recipe(encoder), [data_for(recipe(encoder))])

    @pytest.mark.slow
    def test_on_tables_of_every_form(self, recipe, encoder):
        check_architecture(recipe(encoder))


EMBEDDINGS = (
    NUMBERS,
    PiecewiseLinear(6, by="trees"),
    BinCoordinates(6),
    Periodic(4),
    Periodic(4, lite=True),
)


def built(recipe):
    """A network, and the rows that it was built for."""
    data = tiny_dataset(["regression", "binary"])
    schemas = fit_schemas(data, recipe.bins)
    network = recipe.build(schemas, data.tasks, 0)
    return network, to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))


@pytest.mark.parametrize("numbers", EMBEDDINGS, ids=repr)
def test_networks_of_single_tasks_run_in_one_pass(numbers):
    network, _ = built(SingleTask(MLP((6,), numbers=numbers)))
    assert all(copies.stacked for copies in network.towers)


@pytest.mark.parametrize("numbers", EMBEDDINGS, ids=repr)
def test_on_the_meta_device(numbers):
    network, rows = built(HardSharing(MLP((6,), numbers=numbers)))
    moved = {name: source.map(lambda tensor: tensor.to("meta")) for name, source in rows.items()}
    assert all(scores.is_meta for scores in network.to("meta")(moved).values())


@pytest.mark.parametrize("numbers", EMBEDDINGS, ids=repr)
@pytest.mark.parametrize("engine", ["layerwise", "batched", "per_task"])
def test_engines_agree_on_the_gramian(numbers, engine):
    network, rows = built(HardSharing(MLP((6,), numbers=numbers)))
    loss = MultiTaskLoss(network.blocks, network.tasks)
    shared = network.eval().shared_parameters()
    jacobian = per_task_jacobian(loss(network(rows), rows)[0], shared)
    measured = gramian(loss(network(rows), rows)[0], shared, engine=engine)
    torch.testing.assert_close(measured, jacobian @ jacobian.T, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("numbers", EMBEDDINGS, ids=repr)
@pytest.mark.parametrize("recipe", [HardSharing, SingleTask])
def test_a_step_in_bfloat16(numbers, recipe):
    options = {"steps": 1, "batch_size": 16, "evaluate_every": 1, "accelerator": "cpu"}
    data = data_for(HardSharing())
    plain, mixed = (
        Trainer(**options, precision=precision)
        .fit(recipe(MLP((6, 6), numbers=numbers)), data, data, seed=1)
        .history.epochs[0]
        for precision in ("32-true", "bf16-mixed")
    )
    for task, loss in mixed.train_losses.items():
        assert loss == pytest.approx(plain.train_losses[task], rel=0.05)


class KilledError(Exception):
    """The process was told to end."""


KEPT = ("HardSharing", "SingleTask", "Separate", "SoftSharing", "MMoE", "STEM", "Routed")


@pytest.mark.parametrize("name", KEPT)
def test_an_interrupted_run_ends_like_an_uninterrupted_one(name, tmp_path):
    architecture, data = ARCHITECTURES[name], cascade_for(ARCHITECTURES[name])
    arguments = {"checkpoint": tmp_path / "state.safetensors", "checkpoint_seconds": 0.0}
    whole = TRAINER.fit(architecture, data).network.state_dict()

    def kill(record):
        if record.epoch > 2:
            raise KilledError

    with pytest.raises(KilledError):
        TRAINER.fit(architecture, data, on_epoch=kill, **arguments)
    resumed = TRAINER.fit(architecture, data, **arguments).network.state_dict()
    assert all(torch.equal(tensor, resumed[key]) for key, tensor in whole.items())


@pytest.mark.filterwarnings("ignore:.*( to happen only where| is ESMM here)")
@pytest.mark.parametrize("name", KEPT)
def test_predictions_are_those_of_the_saved_model(name, tmp_path):
    data = cascade_for(ARCHITECTURES[name])
    predictor = polytask.fit(data, MultiTaskNetwork(ARCHITECTURES[name], TRAINER))
    predictor.save(tmp_path / "model")
    before, after = predictor.predict(data), polytask.load(tmp_path / "model").predict(data)
    for task in data.tasks.names:
        np.testing.assert_array_equal(before[task].raw, after[task].raw)


def test_merged_networks_have_bins():
    data = cascade_for(HardSharing(ENCODER))
    predictor = polytask.fit(data, MergedNetwork(HardSharing(ENCODER), TRAINER))
    assert predictor.schemas["table"].bins.n_bins == NUMBERS.n_bins


def test_without_bins_the_sentence_says_how_they_are_learned():
    data = data_for(HardSharing(ENCODER))
    with pytest.raises(ParameterError, match=r"fit_schemas\(data, architecture\.bins\)"):
        HardSharing(ENCODER).build(fit_schemas(data), data.tasks, 0)


# ── what bins are learned from ────────────────────────────────────────────────
def steps_of_two_tasks(n_rows=600, seed=0):
    """Two columns and two tasks, each a step of a column of its own."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, n_rows))
    table = {"a": a, "b": b, "first": (a > 0.4) * 1.0, "second": (b > -0.7) * 1.0}
    return MultiTaskDataset.from_table(table, ["first:binary", "second:binary"])


def learned(schemas, network):
    """Every number of schemas and network."""
    numbers = [np.array(edges) for s in schemas.values() for p in s.parts for edges in p.edges]
    return [*numbers, *(tensor.numpy() for tensor in network.state_dict().values())]


@pytest.mark.parametrize("recipe", [HardSharing(ENCODER), SingleTask(ENCODER)])
def test_other_rows_than_training_rows_change_nothing_that_is_learned(recipe):
    train = steps_of_two_tasks()
    trainer = replace(TRAINER, steps=8, evaluate_every=8)
    trained = []
    for seed in (1, 2):
        validation = steps_of_two_tasks(100, seed)
        fitted = trainer.fit(recipe, train, validation)
        trained.append(learned(fitted.schemas, fitted.network))
    for one, other in zip(*trained, strict=True):
        np.testing.assert_array_equal(one, other)


def test_perturbed_validation_and_test_rows_change_no_learned_number():
    rng = np.random.default_rng(0)
    table = {"x": rng.normal(size=300), "y": rng.normal(size=300)}
    part = np.repeat(["train", "validation", "test"], 100)
    seen = []
    for shift in (0.0, 50.0):
        moved = {n: v + shift * (part != "train") for n, v in table.items()}
        whole = MultiTaskDataset.from_table(moved, ["y:regression"])
        train, validation = (
            whole.take({"table": np.flatnonzero(part == name)}) for name in ("train", "validation")
        )
        trainer = replace(TRAINER, steps=7, evaluate_every=7)
        learner = MultiTaskNetwork(HardSharing(ENCODER), trainer)
        predictor = learner.fit(train, validation)
        seen.append(learned(predictor.schemas, predictor.model.network))
    for one, other in zip(*seen, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("recipe", [SingleTask, lambda encoder: Separate(HardSharing(encoder))])
def test_networks_of_one_task_know_no_labels_of_others(recipe):
    """Other labels of the second task leave the first task's network as it was."""
    encoder = MLP((6,), numbers=PiecewiseLinear(8, by="trees"))
    data, networks = steps_of_two_tasks(), []
    for flip in (False, True):
        table = data.sources[0].inputs.to_dict(as_series=False)
        first, second = (
            data.sources[0].labels.frame[name].to_numpy() for name in ("first", "second")
        )
        table |= {"first": first, "second": first[::-1] if flip else second}
        other = MultiTaskDataset.from_table(table, ["first:binary", "second:binary"])
        predictor = MultiTaskNetwork(recipe(encoder), TRAINER).fit(other, None)
        networks.append(predictor.predict(data)["first"].raw)
    np.testing.assert_array_equal(*networks)


def test_a_task_learns_the_same_alone_or_beside_others():
    encoder = MLP((6,), numbers=PiecewiseLinear(8))
    data = steps_of_two_tasks()
    learner = MultiTaskNetwork(SingleTask(encoder), TRAINER)
    alone = data.without_tasks(["second"])
    beside = learner.fit(data, None).predict(data)["first"].raw
    np.testing.assert_allclose(
        learner.fit(alone, None).predict(data)["first"].raw, beside, atol=1e-6
    )


def test_a_plan_counts_the_parameters_of_the_network():
    data = steps_of_two_tasks()
    recipe = HardSharing(ENCODER)
    network = recipe.build(fit_schemas(data, recipe.bins), data.tasks, 0)
    assert plan_network(recipe, data).n_parameters == sum(p.numel() for p in network.parameters())


def test_embedded_numbers_tell_steps_apart():
    """A step within a narrow range, which a linear model of the number cannot follow."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, size=2000)
    table = {"x": x, "y": ((x > 0.1) & (x < 0.2)) * 1.0}
    data = MultiTaskDataset.from_table(table, ["y:regression"])
    trainer = Trainer(steps=300, batch_size=128, learning_rate=0.05)

    def error(numbers):
        learner = MultiTaskNetwork(HardSharing(MLP((), numbers=numbers)), trainer)
        return np.mean((learner.fit(data, None).predict(data)["y"].response - table["y"]) ** 2)

    assert error(PiecewiseLinear(16)) < 0.3 * error("standardized")


def test_bins_of_an_architecture_without_them():
    assert HardSharing().bins is None
    assert HardSharing(MLP(numbers=Periodic())).bins is None
    assert HardSharing(ByRole(rest=ENCODER)).bins == Bins(6)


# ── odd tables ────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "numbers", [PiecewiseLinear(50), PiecewiseLinear(4, by="trees"), Periodic()]
)
@pytest.mark.parametrize("recipe", [HardSharing, SingleTask])
def test_columns_of_one_value_of_two_and_of_none(numbers, recipe):
    n_rows = 40
    table = {
        "one": [3.0] * n_rows,
        "two": [0.0, 1.0] * (n_rows // 2),
        "none": [None] * n_rows,
        "x": np.linspace(-1, 1, n_rows),
        "y": np.linspace(0, 1, n_rows),
        "constant": np.ones(n_rows),
    }
    data = MultiTaskDataset.from_table(table, ["y:regression", "constant:regression"])
    predictor = MultiTaskNetwork(recipe(MLP((4,), numbers=numbers)), TRAINER).fit(data, None)
    later = {"one": [3.0, 1e30], "two": [0.5, None], "none": [1.0, 2.0], "x": [9.0, -1e30]}
    answers = predictor.predict(later)
    assert all(np.isfinite(answers[task].response).all() for task in ("y", "constant"))


def test_a_table_without_numbers():
    data = MultiTaskDataset.from_table({"c": ["a", "b"] * 20, "y": range(40)}, ["y:regression"])
    learner = MultiTaskNetwork(HardSharing(MLP((4,), numbers="piecewise_linear")), TRAINER)
    assert np.isfinite(learner.fit(data, None).predict({"c": ["a", "z"]})["y"].response).all()
