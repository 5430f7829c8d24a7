"""Tasks that label the pixels of images, beside tasks that label rows."""

import numpy as np
import pytest
import torch
from small_architectures import small_architectures
from torch import nn

from polytask import MultiTaskDataset, Task
from polytask.architectures import HardSharing, Separate, SingleTask
from polytask.architectures._map_scores import resized
from polytask.data import encode, fit_schemas, make_blocks
from polytask.encoders import MLP, CustomEncoder, TabM
from polytask.exceptions import DataError, ParameterError
from polytask.losses import MultiTaskLoss
from polytask.training._score import score

SIZE = (4, 6)


def squares(n_rows=24, seed=0):
    """Images of a bright square; its pixels are one of two classes, and nearer than the rest."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 0.3, (n_rows, 2, 8, 12)).astype(np.float32)
    mask, depth = np.zeros((n_rows, *SIZE)), np.full((n_rows, *SIZE), 9.0)
    for row in range(n_rows):
        top, left, kind = rng.integers(0, 3), rng.integers(0, 4), rng.integers(1, 3)
        x[row, kind - 1, 2 * top : 2 * top + 4, 2 * left : 2 * left + 4] += 2
        mask[row, top : top + 2, left : left + 2] = kind
        depth[row, top : top + 2, left : left + 2] = 5 + kind
    mask[0, 0], mask[1], depth[2] = 255, np.nan, np.nan
    return x, {"mask": mask, "depth": depth, "red": np.arange(n_rows) % 2}


TASKS = (
    Task("mask", "dense_classes:ignore=255"),
    Task("depth", "dense_numbers"),
    Task("red", "binary"),
)


def convolutions(shape):
    return nn.Sequential(nn.Conv2d(shape[0], 4, 3, stride=4, padding=1), nn.Tanh())


ENCODER = CustomEncoder(convolutions)


@pytest.fixture(scope="module")
def data():
    return MultiTaskDataset.from_arrays(*squares(), TASKS)


@pytest.fixture(scope="module")
def schemas(data):
    return fit_schemas(data)


def encoded(data, schemas):
    blocks = make_blocks(data.tasks, schemas)
    return {
        name: rows.map(torch.as_tensor)
        for name, rows in encode(data.sources, data.tasks, schemas, blocks).items()
    }


def test_heads_are_convolutions_of_one_place_brought_to_the_size_of_the_labels(data, schemas):
    network = HardSharing(ENCODER).build(schemas, data.tasks, 0)
    rows = encoded(data, schemas)
    (features,) = network.features(rows).values()
    assert features.values.shape == (24, 4, 2, 3)
    raw = network(rows)
    for block, heads in zip(network.blocks, network.heads, strict=True):
        if not block.has_pixels:
            continue
        weight, bias = heads.weight[0, :, :, None, None], heads.bias[0]
        maps = nn.functional.conv2d(features.values, weight, bias)
        wanted = nn.functional.interpolate(maps, SIZE, mode="bilinear")
        given = raw["table", block.name].view(24, *block.score_shape)
        torch.testing.assert_close(given, wanted)


def test_larger_features_are_averaged_to_the_size_of_the_labels():
    maps = torch.arange(16.0).view(1, 1, 4, 4)
    assert resized(maps, (2, 2)).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert resized(maps, (2, 8)).shape == (1, 1, 2, 8)


REFUSED = dict.fromkeys(
    ("AITM", "Hierarchical", "Pooled", "SharedPrivate"), "label every pixel of an image"
)
REFUSED["LoRA"] = "must have torch.nn.Linear layers"


@pytest.mark.parametrize(("name", "architecture"), small_architectures(ENCODER).items())
def test_architectures_score_every_pixel(name, architecture, data, schemas):
    if architecture.one_task_per_row or name == "Routed":
        pytest.skip("needs rows of one task each")
    if name in REFUSED:
        with pytest.raises(ParameterError, match=REFUSED[name]):
            architecture.build(schemas, data.tasks, 0)
        return
    network = architecture.build(schemas, data.tasks, 0)
    rows = encoded(data, schemas)
    raw = score(network, rows)
    loss = MultiTaskLoss(network.blocks, data.tasks)
    losses, present = loss(raw, rows)
    assert losses.isfinite().all()
    assert present.all()
    sizes = {block.name: block.size for block in network.blocks}
    assert {name: scores.shape for (_, name), scores in raw.items()} == {
        name: (24, 1, size) for name, size in sizes.items()
    }


@pytest.mark.parametrize("architecture", [HardSharing, Separate, SingleTask])
def test_rows_of_one_task_each_have_the_scores_of_their_task(architecture):
    x, targets = squares()
    tasks = [Task("near", "dense_numbers"), Task("far", "dense_numbers")]
    whose = np.arange(24) % 2
    y = np.where(whose[:, None, None], targets["depth"] + 90, targets["depth"])
    data = MultiTaskDataset.from_arrays(x, y, tasks, task_index=whose)
    schemas = fit_schemas(data)
    recipe = HardSharing(ENCODER)
    recipe = {HardSharing: recipe, Separate: recipe.twin(), SingleTask: recipe.single_task()}[
        architecture
    ]
    network = recipe.build(schemas, data.tasks, 0)
    rows = encoded(data, schemas)
    (own,) = score(network, rows).values()
    assert own.shape == (24, 24)
    if architecture is HardSharing:
        features = network.features(rows)["table"].values
        (heads,) = network.heads
        maps = torch.einsum("ksc,nchw->nkshw", heads.weight, features) + heads.bias[..., None, None]
        wanted = resized(maps[torch.arange(24), whose], SIZE).flatten(1)
        torch.testing.assert_close(own, wanted)


def test_an_encoder_must_keep_maps(data, schemas):
    flat = CustomEncoder(lambda shape: nn.Flatten())
    with pytest.raises(
        ParameterError, match=r"\(mask\) label every pixel of an image, .* ends in vectors of whole"
    ):
        HardSharing(flat).build(schemas, data.tasks, 0)
    with pytest.raises(ParameterError, match="the rows of an ensemble"):
        HardSharing(TabM()).build(schemas, data.tasks, 0)


def test_labels_of_pixels_need_an_image():
    masks = squares()[1]["mask"]
    data = MultiTaskDataset.from_arrays(
        np.arange(24.0)[:, None], {"mask": masks}, [TASKS[0]], names=["age"]
    )
    with pytest.raises(DataError, match=r"'mask' labels the pixels .* column of images.*Got 'age'"):
        encoded(data, fit_schemas(data))
    with pytest.raises(ParameterError, match="label every pixel of an image"):
        HardSharing(MLP((4,))).build(fit_schemas(data), data.tasks, 0)
