"""Parts keep their role and shape on the way to an encoder."""

import numpy as np
import polars as pl
import pytest
import torch
from torch import nn
from users_cnn import mean_and_spread, small_cnn

from polytask.architectures import HardSharing, SingleTask
from polytask.data import MultiTaskDataset, Part, encode, fit_schemas
from polytask.encoders import (
    MLP,
    ByRole,
    CustomEncoder,
    Encoder,
    MaskedStage,
    State,
    TabM,
    mean_pool,
)
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import load
from polytask.tasks import TaskSet
from polytask.training import Trainer, to_tensors


def images(n_rows: int, side: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n_rows, 1, side, side)).astype(np.float32)


def beside_numbers(n_rows: int = 40) -> MultiTaskDataset:
    """Images of 8 × 8 beside a number and a category."""
    photo = images(n_rows, 8)
    number = np.random.default_rng(1).normal(size=n_rows)
    frame = pl.DataFrame(
        {
            "photo": pl.Series(photo, dtype=pl.Array(pl.Float32, (1, 8, 8))),
            "number": number,
            "colour": ["red", "green"] * (n_rows // 2),
            "bright": photo.mean(axis=(1, 2, 3)) + number,
            "dark": (photo.mean(axis=(1, 2, 3)) < 0).astype(int),
        }
    )
    return MultiTaskDataset.from_table(frame, ["bright:regression", "dark:binary"])


def two_sizes() -> MultiTaskDataset:
    """Two sources of images, 8 × 8 and 12 × 12, with a task each."""
    parts = []
    for name, side in (("small", 8), ("large", 12)):
        pictures = images(30, side)
        target = pictures[:, 0, :4].mean(axis=(1, 2))
        frame = {
            "x": pl.Series(pictures, dtype=pl.Array(pl.Float32, (1, side, side))),
            name: target,
        }
        parts.append(MultiTaskDataset.from_table(pl.DataFrame(frame), [f"{name}:regression"]))
    sources = tuple(
        type(source)(**{**vars(source), "name": name})
        for (source,), name in zip((p.sources for p in parts), ("small", "large"), strict=True)
    )
    return MultiTaskDataset(sources, TaskSet(task for part in parts for task in part.tasks))


def test_parts_name_role_and_shape():
    (schema,) = fit_schemas(beside_numbers()).values()
    numbers, codes, photo = schema.parts
    assert numbers == Part("numeric", "numeric", (1,))
    assert (codes.role, codes.shape, codes.cardinalities) == ("categorical", (1,), (3,))
    assert photo == Part("tensor:photo", "image", (1, 8, 8))


class Recorder(nn.Module):
    """Remembers the shapes that reach it."""

    shapes: list[tuple[int, ...]] = []  # noqa: RUF012 - read by the test

    def forward(self, rows):
        self.shapes.append(tuple(rows.shape))
        return rows.flatten(1)[:, :4]


def recording(shape):
    return Recorder()


@pytest.mark.parametrize("architecture", [HardSharing, SingleTask])
def test_an_image_beside_numbers_stays_an_image(architecture):
    data = beside_numbers()
    Recorder.shapes = []
    encoder = ByRole({"image": recording}, rest=MLP((3,)), joint=MLP((5,)))
    network = architecture(encoder).build(fit_schemas(data), data.tasks, seed=0)
    assert Recorder.shapes
    assert all(shape[-3:] == (1, 8, 8) for shape in Recorder.shapes)
    assert network.blocks


@pytest.mark.parametrize("architecture", [HardSharing, SingleTask])
def test_images_and_numbers_are_learned_together(architecture, tmp_path):
    data = beside_numbers()
    encoder = ByRole({"image": small_cnn}, rest=MLP((8,)), joint=MLP((16,)))
    learner = MultiTaskNetwork(architecture(encoder), Trainer(steps=150, learning_rate=1e-2))
    fitted = learner.fit(data, data, seed=0)
    losses = [sum(epoch.validation_losses.values()) for epoch in fitted.history.epochs]
    assert losses[-1] < 0.5 * losses[0]
    fitted.save(tmp_path / "model")
    again = load(tmp_path / "model", trusted=["users_cnn"])
    table = data.sources[0].inputs
    for name, prediction in again.predict(table).items():
        np.testing.assert_array_equal(prediction.raw, fitted.predict(table)[name].raw)


def test_a_factory_gets_one_shape_or_an_encoder_for_each_role():
    data = beside_numbers()
    with pytest.raises(
        ParameterError, match=r"'tensor:photo' \(image\).*\.ByRole\(\{'image': my_fact"
    ):
        HardSharing(small_cnn).build(fit_schemas(data), data.tasks, seed=0)


@pytest.mark.parametrize("architecture", [HardSharing, SingleTask])
def test_sources_of_images_of_two_sizes_go_through_one_convolution(architecture):
    data = two_sizes()
    schemas = fit_schemas(data)
    network = architecture(small_cnn).build(schemas, data.tasks, seed=0)
    trained = Trainer(steps=100, learning_rate=1e-2, batch_size=16).fit(
        architecture(small_cnn), data, data
    )
    first, last = trained.history.epochs[0], trained.history.epochs[-1]
    assert sum(last.validation_losses.values()) < sum(first.validation_losses.values())
    if architecture is HardSharing:
        rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
        states = network.features(rows)
        assert {n: tuple(s.values.shape[1:]) for n, s in states.items()} == {
            "small": (6, 8, 8),
            "large": (6, 12, 12),
        }
        assert len(network.shared_parameters()) == 4  # weights and biases of two convolutions


@pytest.mark.parametrize("parameter", ["encoders", "rest", "joint"])
def test_an_ensemble_is_refused_for_a_role(parameter):
    ensemble = TabM(members=2)
    given = {"numeric": ensemble} if parameter == "encoders" else ensemble
    with pytest.raises(ParameterError, match=rf"`{parameter}` parameter of ByRole .* TabM with 2"):
        ByRole(**{parameter: given})
    assert ByRole(rest=TabM(members=1)).members == 1


def test_images_of_other_channels_are_refused():
    def of_three(shape):
        return nn.Conv2d(3, 4, 3)

    data = two_sizes()
    with pytest.raises(
        ParameterError, match=r"must take rows of shape \(1, 12, 12\), as source 'l"
    ):
        HardSharing(of_three).build(fit_schemas(data), data.tasks, seed=0)


class NumbersOnly(Encoder):
    """Reads numeric parts alone."""

    takes = frozenset({"numeric"})

    def stages(self, shape):
        return [nn.Linear(*shape, 4)]


def test_a_part_that_an_encoder_cannot_read_is_named():
    data = beside_numbers()
    with pytest.raises(ParameterError, match=r"source 'table' holds. 'categorical' is categorical"):
        HardSharing(NumbersOnly()).build(fit_schemas(data), data.tasks, seed=0)


def test_a_network_of_tables_flattens_images():
    data = beside_numbers()
    network = HardSharing(MLP((4,))).build(fit_schemas(data), data.tasks, seed=0)
    assert network.inputs.shape == (1 + 8 + 64,)


def test_a_masked_sequence_is_pooled_over_the_steps_that_count():
    values = torch.tensor([[[1.0], [3.0], [100.0]], [[2.0], [50.0], [50.0]]])
    mask = torch.tensor([[True, True, False], [True, False, False]])
    assert mean_pool(State(values, mask)).tolist() == [[2.0], [2.0]]
    empty = State(values[:1], torch.zeros(1, 3, dtype=torch.bool))
    assert mean_pool(empty).tolist() == [[0.0]]


def test_recipes_of_factories_are_wrapped():
    assert isinstance(ByRole({}).joint, MLP)
    assert CustomEncoder(small_cnn).rows_apart is False


class Steps(nn.Module):
    """Numbers as a sequence of one number per step, of which positive ones count."""

    def forward(self, inputs):
        numbers = inputs["numeric"]
        return State(numbers.unsqueeze(-1), numbers >= 0)


class LastStep(MaskedStage):
    """The last step that counts."""

    def forward(self, state):
        last = (state.mask.sum(dim=1) - 1).clamp(min=0)
        return State(state.values[torch.arange(len(last)), last])


class Sequences(Encoder):
    """An entry that gives a mask, and a stage that needs it."""

    takes = frozenset({"numeric"})

    def entry(self, parts):
        return Steps()

    def stages(self, shape):
        return [nn.Linear(*shape[1:], 4), LastStep(), nn.Tanh()]


@pytest.mark.parametrize("architecture", [HardSharing, SingleTask])
def test_a_mask_of_the_entry_reaches_the_stages(architecture):
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(30, 5))
    data = MultiTaskDataset.from_arrays(inputs, inputs[:, :2], ["a:regression", "b:regression"])
    network = architecture(Sequences()).build(fit_schemas(data), data.tasks, seed=0)
    trained = Trainer(steps=5).fit(architecture(Sequences()), data, data)
    assert trained.history.n_steps == 5
    if architecture is HardSharing:
        assert network.trunk.shapes == ((5, 1), (5, 4), (4,), (4,))


class Bare(Encoder):
    """Its entry gives a tensor in place of a state."""

    def entry(self, parts):
        return BareEntry()

    def stages(self, shape):
        return [nn.Linear(*shape, 4)]


class BareEntry(nn.Module):
    def forward(self, inputs):
        return inputs["numeric"]


def test_an_entry_that_gives_no_state_is_named():
    data = beside_numbers()
    with pytest.raises(ParameterError, match=r"BareEntry gave Tensor instead; wrap it"):
        HardSharing(Bare()).build(fit_schemas(data), data.tasks, seed=0)


@pytest.mark.slow
def test_a_module_without_a_weight_for_every_number_is_saved_and_loaded(tmp_path):
    numbers = np.random.default_rng(0).normal(size=(20, 70_000)).astype(np.float32)
    table = {"x": numbers, "y": np.arange(20) % 2}
    data = MultiTaskDataset.from_table(table, "y")
    learner = MultiTaskNetwork(HardSharing(CustomEncoder(mean_and_spread)), Trainer(steps=1))
    learner.fit(data, data, seed=0).save(tmp_path / "model")
    again = load(tmp_path / "model", trusted=["users_cnn"])
    assert len(again.predict(data.sources[0].inputs[:3])["y"].response) == 3
