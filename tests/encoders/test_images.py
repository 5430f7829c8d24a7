"""Encoders of images."""

import numpy as np
import polars as pl
import pytest
import torch
from small_architectures import small_architectures
from torch import nn

from polytask import MultiTaskDataset, load
from polytask.architectures import HardSharing, SingleTask
from polytask.data import Part, encode, fit_schemas, make_blocks
from polytask.encoders import CNN, MLP, ByRole, ResNet, UNet, ViT, advance
from polytask.evaluation import evaluate
from polytask.exceptions import ParameterError
from polytask.gradients import gramian, per_task_jacobian
from polytask.losses import MultiTaskLoss
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer, to_tensors
from polytask.training._score import score

SMALL = {
    "CNN": CNN((4, 4), normalization="group", dense=(4,)),
    "CNN of maps": CNN((4, 4), kernel=2, pooling=None, dense=()),
    "CNN, attention": CNN((4,), convolutions=2, pooling="attention", dense=()),
    "ResNet": ResNet((1, 1), (4, 8)),
    "ResNet, batch norm": ResNet(
        (1, 1), (4, 4), stem="imagenet", normalization="batch", pooling="max"
    ),
    "UNet": UNet((4, 8, 4)),
    "ViT": ViT(4, 4, depth=2, n_heads=2, feed_forward=4, dropout=0.0),
    "ViT of patches": ViT(4, 4, depth=1, n_heads=1, feed_forward=4, pooling=None),
}
ROUTED = "rows that each belong to one task"
LINEAR = "must have torch.nn.Linear layers"
EQUAL = "must have stages of equally many channels"
REFUSED = {
    "CNN": {"Routed": ROUTED},
    "CNN of maps": {"Routed": ROUTED, "LoRA": LINEAR},
    "CNN, attention": {"Routed": ROUTED},
    "ResNet": {"Routed": ROUTED, "LoRA": LINEAR, "Sluice": EQUAL},
    "ResNet, batch norm": {"Routed": ROUTED, "LoRA": LINEAR},
    "UNet": {"Routed": ROUTED, "LoRA": LINEAR, "Sluice": EQUAL},
    "ViT": {"Routed": ROUTED},
    "ViT of patches": {"Routed": ROUTED},
}
PHOTO = Part("tensor:photo", "image", (1, 8, 8))


def pictures(n_rows, side=8, seed=0, names=("bright", "left")):
    """Pictures, how bright they are on the whole, and whether they are brighter on the left."""
    rng = np.random.default_rng(seed)
    photo = rng.normal(size=(n_rows, 1, side, side)) + rng.normal(size=(n_rows, 1, 1, 1))
    tilt = rng.normal(size=(n_rows, 1, 1, 1)) * np.linspace(-1, 1, side)
    bright, left = names
    return pl.DataFrame(
        {
            "photo": pl.Series((photo + tilt).astype(np.float32), dtype=of_shape(1, side, side)),
            "age": rng.normal(size=n_rows),
            bright: photo.mean(axis=(1, 2, 3)),
            left: (tilt[:, 0, 0, 0] > 0).astype(int),
        }
    )


def of_shape(*shape):
    return pl.Array(pl.Float32, shape)


def read(frame, names=("bright", "left")):
    return MultiTaskDataset.from_table(frame, [f"{names[0]}:regression", f"{names[1]}:binary"])


def tensors(data):
    schemas = fit_schemas(data)
    blocks = make_blocks(data.tasks, schemas)
    return schemas, to_tensors(encode(data.sources, data.tasks, schemas, blocks))


@pytest.fixture(scope="module")
def data():
    return read(pictures(12).drop("age"))


@pytest.fixture(scope="module")
def prepared(data):
    return tensors(data)


def run(encoder, parts, inputs):
    torch.manual_seed(0)
    state = encoder.entry(parts).eval()(inputs)
    for stage in encoder.stages(tuple(state.values.shape[1:])):
        state = advance(stage.eval(), state)
    return state.values


CROSSED = [
    pytest.param(name, marks=() if name in {"CNN", "ResNet", "UNet", "ViT"} else pytest.mark.slow)
    for name in SMALL
]


@pytest.mark.parametrize("name", CROSSED)
def test_every_architecture_takes_every_encoder(name, data, prepared):
    schemas, rows = prepared
    refused = {}
    for title, architecture in small_architectures(SMALL[name]).items():
        if architecture.refuses(data.tasks) is not None:
            continue
        try:
            network = architecture.build(schemas, data.tasks, 0)
        except ParameterError as error:
            refused[title] = str(error)
            continue
        batch = network.with_members(rows)
        losses, _ = MultiTaskLoss(network.blocks, network.tasks)(network(batch), batch)
        losses.sum().backward()
        for parameter in network.parameters():
            assert parameter.grad is None or parameter.grad.isfinite().all(), title
    assert refused.keys() == REFUSED[name].keys()
    for title, sentence in REFUSED[name].items():
        assert sentence in refused[title]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["CNN", "UNet"])
def test_every_architecture_learns_with_every_encoder(name):
    frame = pictures(60).with_columns((pl.col("bright") > 0).cast(int).alias("left"))
    train = read(frame.drop("age"))
    trainer = Trainer(steps=30, batch_size=30, learning_rate=1e-2, evaluate_every=15)
    for title, architecture in small_architectures(SMALL[name]).items():
        if title in REFUSED[name] or architecture.refuses(train.tasks) is not None:
            continue
        history = trainer.fit(architecture, train, train, seed=0).history
        losses = [sum(epoch.validation_losses.values()) for epoch in history.epochs]
        assert min(losses) < 1.5, title


@pytest.mark.parametrize("name", SMALL)
def test_a_row_alone_has_the_features_that_it_has_in_a_batch(name):
    photo = torch.randn(5, 1, 8, 8)
    whole = run(SMALL[name], [PHOTO], {PHOTO.name: photo})
    alone = run(SMALL[name], [PHOTO], {PHOTO.name: photo[2:3]})
    torch.testing.assert_close(alone[0], whole[2], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("size", [(1, 1), (5, 3), (12, 9)])
def test_images_of_any_size(name, size):
    photo = torch.randn(2, 3, *size)
    part = Part("tensor:photo", "image", (3, *size))
    features = run(SMALL[name], [part], {part.name: photo})
    assert features.isfinite().all()
    if name == "UNet":
        assert features.shape == (2, 4, *size)


@pytest.mark.parametrize("name", [name for name in SMALL if name != "ResNet, batch norm"])
def test_networks_of_single_tasks_run_in_one_pass(name, data, prepared):
    network = SingleTask(SMALL[name]).build(prepared[0], data.tasks, 0)
    assert all(copies.stacked for copies in network.towers)


def test_sizes_are_those_of_the_papers():
    def count(encoder, side):
        with torch.device("meta"):
            modules = encoder.stages((3, side, side))
        return sum(p.numel() for module in modules for p in module.parameters())

    resnet_18 = ResNet((2, 2, 2, 2), (64, 128, 256, 512), stem="imagenet", normalization="batch")
    assert count(resnet_18, 224) == 11_689_512 - 1000 * 513  # without its last layer
    assert count(ResNet(normalization="batch"), 32) == 272_474 - 10 * 65
    u_net = UNet((64, 128, 256, 512, 1024), normalization="batch")
    assert count(u_net, 572) == 31_037_698 - 130  # a known version's, without its last layer


def test_a_residual_block_adds_what_it_reads():
    torch.manual_seed(0)
    _, blocks = ResNet((1,), (4,), normalization=None).stages((1, 8, 8))
    maps = torch.randn(2, 4, 8, 8)
    first, _, second = blocks[0].layers
    torch.testing.assert_close(blocks(maps), (maps + second(first(maps).relu())).relu())


@pytest.mark.parametrize("engine", ["layerwise", "batched", "per_task"])
@pytest.mark.parametrize("name", ["CNN", "ResNet", "UNet", "ViT"])
def test_engines_agree_on_the_gramian(name, engine, data, prepared):
    schemas, rows = prepared
    network = HardSharing(SMALL[name]).build(schemas, data.tasks, 0).eval()
    loss, shared = MultiTaskLoss(network.blocks, network.tasks), network.shared_parameters()
    jacobian = per_task_jacobian(loss(network(rows), rows)[0], shared)
    measured = gramian(loss(network(rows), rows)[0], shared, engine=engine)
    torch.testing.assert_close(measured, jacobian @ jacobian.T, rtol=1e-4, atol=1e-5)


def test_a_step_in_bfloat16(data):
    options = {"steps": 1, "batch_size": 12, "accelerator": "cpu", "precision": "bf16-mixed"}
    run = Trainer(**options).fit(HardSharing(UNet((4, 8))), data, data, seed=0)
    assert all(tensor.isfinite().all() for tensor in run.network.state_dict().values())


def test_patches_are_padded_and_their_positions_interpolated():
    block, _ = ViT(4, 4, depth=1, n_heads=1, dropout=0.0).stages((1, 6, 8))
    patches = block.places
    assert patches.positions.shape == (4, 2, 2)
    larger = patches(torch.ones(3, 1, 6, 15))
    assert larger.shape == (3, 1 + 2 * 4, 4)
    with torch.no_grad():
        patches.positions.fill_(2.0)
    torch.testing.assert_close(
        patches(torch.ones(3, 1, 4, 4))[:, 1],
        patches.layer(torch.ones(3, 1, 4, 4))[..., 0, 0] + 2.0,
    )


def test_numbers_stand_beside_every_place():
    parts = [Part("numeric", "numeric", (2,)), PHOTO, Part("tensor:depth", "image", (3, 8, 8))]
    inputs = {
        "numeric": torch.tensor([[1.0, 2.0]]),
        PHOTO.name: torch.randn(1, 1, 8, 8),
        "tensor:depth": torch.randn(1, 3, 8, 8),
    }
    maps = CNN().entry(parts)(inputs).values
    assert maps.shape == (1, 6, 8, 8)
    torch.testing.assert_close(maps[:, 1:4], inputs["tensor:depth"])
    assert (maps[0, 4] == 1).all()
    assert (maps[0, 5] == 2).all()


def test_tensors_of_height_and_width_are_images_of_one_channel():
    rows = np.random.default_rng(0).normal(size=(8, 5, 4)).astype(np.float32)
    data = MultiTaskDataset.from_arrays(rows, rows[:, 0, :2], ["a:regression", "b:regression"])
    schemas, batch = tensors(data)
    network = HardSharing(CNN((4,), dense=())).build(schemas, data.tasks, 0)
    assert network.inputs.shape == (1, 5, 4)
    assert all(scores.isfinite().all() for scores in score(network, batch).values())


def test_rows_without_images_are_refused_in_words():
    with pytest.raises(
        ParameterError, match=r"ResNet where rows have an image\. Got numeric; give"
    ):
        ResNet().entry([Part("numeric", "numeric", (3,))])


def test_images_of_two_sizes_in_a_row_need_an_encoder_each():
    other = Part("tensor:scan", "image", (1, 9, 8))
    with pytest.raises(
        ParameterError, match=r"one height and width\. Got .* ByRole\(\{\"image\": CNN"
    ):
        CNN().entry([PHOTO, other])


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        (
            lambda: CNN(pooling=None),
            r"`dense` parameter of CNN must be \(\) where `pooling` is None",
        ),
        (lambda: ResNet((1, 1)), r"`depths` parameter of ResNet must say how many .* Got \(1, 1\)"),
        (lambda: ViT(width=10), r"`n_heads` parameter of ViT must divide `width`, 10\. Got 4"),
        (lambda: UNet(()), r"`widths` parameter of UNet must hold at least one width"),
        (lambda: UNet(normalization="layer"), r"`normalization` parameter of UNet must be"),
    ],
)
def test_slips_are_named(recipe, sentence):
    with pytest.raises(ParameterError, match=sentence):
        recipe()


def test_stages_that_start_from_vectors_are_refused():
    with pytest.raises(ParameterError, match=r"start from maps .* Got rows of shape \(18,\)"):
        ByRole(joint=CNN()).stages((18,))


def test_an_image_beside_numbers_is_learned_saved_and_loaded(tmp_path):
    frame = pictures(160)
    frame = frame.with_columns(pl.col("bright") + pl.col("age"))
    data = read(frame)
    train, test = data.take({"table": np.arange(120)}), data.take({"table": np.arange(120, 160)})
    encoder = ByRole({"image": CNN((4, 8), dense=(8,))}, rest=MLP(()), joint=MLP((16,)))
    trainer = Trainer(steps=100, batch_size=40, learning_rate=1e-2)
    model = MultiTaskNetwork(HardSharing(encoder), trainer).fit(train, test, seed=0)
    figures = evaluate(model, test)
    assert figures["left"]["roc_auc"].value > 0.9
    assert figures["bright"]["nmse"].value < 0.2
    model.save(tmp_path / "model")
    new = test.sources[0].inputs
    before, after = model.predict(new), load(tmp_path / "model").predict(new)
    np.testing.assert_array_equal(before["left"].response, after["left"].response)


@pytest.mark.parametrize(
    "encoder", [SMALL["CNN"], SMALL["UNet"], SMALL["ViT"]], ids=["CNN", "UNet", "ViT"]
)
@pytest.mark.parametrize("architecture", [HardSharing, SingleTask])
def test_sources_of_other_sizes_and_channels_meet(encoder, architecture):
    first = pictures(12).drop("age")
    second = pictures(12, side=11, names=("bright_2", "left_2"))
    data = MultiTaskDataset.from_sources(
        {"first": first, "second": second},
        ["bright:regression", "left:binary", "bright_2:regression", "left_2:binary"],
    )
    schemas, rows = tensors(data)
    network = architecture(encoder).build(schemas, data.tasks, 0)
    assert all(scores.isfinite().all() for scores in score(network, rows).values())
    if architecture is HardSharing:
        assert network.inputs.shapes == {"first": (2, 8, 8), "second": (2, 11, 11)}
        assert isinstance(network.inputs[0].adapter, nn.Conv2d)
