"""Weights of encoders from local files."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from users_backbones import Backbone, backbone, maps

import polytask
from polytask import MultiTaskDataset, load
from polytask.architectures import CrossStitch, HardSharing, MMoE, SingleTask
from polytask.data import fit_schemas
from polytask.encoders import CNN, LSTM, MLP, ByRole, Pretrained, ResNet
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

RECIPE = CNN((4, 6), normalization="batch", pooling="mean", dense=(5,))
TRAINER = Trainer(steps=6, batch_size=10, learning_rate=1e-2)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    photo = rng.normal(size=(30, 1, 6, 6)).astype(np.float32)
    frame = pl.DataFrame(
        {
            "photo": pl.Series(photo, dtype=pl.Array(pl.Float32, (1, 6, 6))),
            "bright": photo.mean(axis=(1, 2, 3)),
            "dark": (photo.mean(axis=(1, 2, 3)) < 0).astype(int),
        }
    )
    return MultiTaskDataset.from_table(frame, ["bright:regression", "dark:binary"])


def tensors(recipe=RECIPE, shape=(1, 6, 6), seed=7):
    torch.manual_seed(seed)
    return nn.ModuleList(recipe.stages(shape)).state_dict()


def saved(path, named):
    save_file({name: tensor.contiguous() for name, tensor in named.items()}, path)
    return str(path)


@pytest.fixture
def path(tmp_path):
    return saved(tmp_path / "weights.safetensors", tensors())


def state(stages):
    return nn.ModuleList(stages).state_dict()


def assert_equal(left, right):
    assert left.keys() == right.keys()
    for name, tensor in left.items():
        torch.testing.assert_close(tensor, right[name], rtol=0, atol=0)


def test_stages_start_from_the_file(path):
    assert_equal(state(Pretrained(RECIPE, path).stages((1, 6, 6))), tensors())


@pytest.mark.parametrize("start", ["trunk.", "module.backbone.", ""])
@pytest.mark.parametrize("ending", [".safetensors", ".pt"])
def test_a_start_of_all_names_is_found(start, ending, tmp_path):
    named = {f"{start}{name}": tensor for name, tensor in tensors().items()}
    named["head.weight"] = torch.ones(2, 2)
    path = tmp_path / f"weights{ending}"
    if ending == ".pt":
        torch.save({"epoch": 3, "state_dict": named}, path)
    else:
        saved(path, named)
    assert_equal(state(Pretrained(RECIPE, str(path)).stages((1, 6, 6))), tensors())


def test_names_of_another_library_are_renamed(tmp_path):
    recipe = ResNet((1, 1), (4, 8), stem="imagenet", normalization="batch")
    rename = {"conv1.": "0.0.", "bn1.": "0.1."}
    for group in (1, 2):
        rename |= {
            f"layer{group}.0.{theirs}.": f"{group}.0.{ours}."
            for theirs, ours in {
                "conv1": "layers.0",
                "bn1": "layers.1",
                "conv2": "layers.3",
                "bn2": "layers.4",
                "downsample": "shortcut",
            }.items()
        }
    own = tensors(recipe)
    back = {ours: theirs for theirs, ours in rename.items()}
    start = {name: max((s for s in back if name.startswith(s)), key=len) for name in own}
    theirs = {back[start[name]] + name[len(start[name]) :]: own[name] for name in own}
    path = saved(tmp_path / "resnet.safetensors", theirs)
    assert_equal(state(Pretrained(recipe, path, rename).stages((1, 6, 6))), own)


def test_what_did_not_fit_is_said(data, tmp_path):
    named = tensors()
    named["0.0.weight"] = torch.ones(4, 3, 3, 3)
    del named["2.1.bias"]
    named["fc.weight"] = torch.ones(2, 2)
    path = saved(tmp_path / "weights.safetensors", named)
    learner = MultiTaskNetwork(HardSharing(Pretrained(RECIPE, path)), TRAINER)
    (note,) = [note for note in learner.notes(data) if "weights.safetensors" in note]
    assert note == (
        "weights.safetensors gives 12 of the 14 tensors of CNN; of another shape, which start as drawn: "
        "0.0.weight ((4, 3, 3, 3) there, (4, 1, 3, 3) here); not in it, which start as drawn: 2.1.bias; "
        "not used: fc.weight."
    )


@pytest.mark.parametrize("architecture", [HardSharing, SingleTask, CrossStitch, MMoE])
@pytest.mark.parametrize("freeze", [False, True])
def test_trained_and_saved_models_do_not_open_the_file(architecture, freeze, data, tmp_path):
    path = saved(tmp_path / "weights.safetensors", tensors())
    recipe = architecture(Pretrained(RECIPE, path, freeze=freeze))
    with pytest.warns(UserWarning, match=r"gives 14 of the 14 tensors of CNN\.$"):
        model = polytask.fit(data, MultiTaskNetwork(recipe, TRAINER))
    model.save(tmp_path / "model")
    (tmp_path / "weights.safetensors").write_text("is not opened")
    table = data.sources[0].inputs
    before, after = model.predict(table), load(tmp_path / "model").predict(table)
    np.testing.assert_array_equal(before["bright"].raw, after["bright"].raw)
    (tmp_path / "weights.safetensors").unlink()
    load(tmp_path / "model")


def test_frozen_tensors_stay_and_others_are_trained(data, tmp_path):
    named = tensors()
    del named["2.1.bias"]
    path = saved(tmp_path / "weights.safetensors", named)
    for freeze in (True, False):
        run = TRAINER.fit(HardSharing(Pretrained(RECIPE, path, freeze=freeze)), data, data)
        start = "stage." if freeze else ""
        stages = {
            name.replace(f".{start}", ".", 1): t
            for name, t in run.network.trunk.state_dict().items()
        }
        moved = {name for name in named if not torch.equal(stages[name], named[name])}
        assert bool(moved) != freeze, moved
        assert not torch.equal(stages["2.1.bias"], tensors(seed=0)["2.1.bias"])


def test_an_encoder_that_reads_masks_is_frozen(tmp_path):
    recipe = LSTM(width=4, word_dim=5)
    path = saved(tmp_path / "weights.safetensors", tensors(recipe, (7, 5)))
    stage, _ = Pretrained(recipe, path, freeze=True).stages((7, 5))
    assert not stage.train().stage.training
    assert not any(parameter.requires_grad for parameter in stage.parameters())


def test_a_branch_of_a_role_starts_from_a_file(path, data):
    encoder = ByRole({"image": Pretrained(RECIPE, path)}, joint=MLP((4,)))
    network = HardSharing(encoder).build(fit_schemas(data), data.tasks, 0)
    (branch,) = network.inputs[0].branches
    assert_equal(branch.stages.state_dict(), tensors())
    with pytest.raises(
        ParameterError, match=r"`initializer` parameter of HardSharing must be None"
    ):
        HardSharing(encoder, initializer="orthogonal")


@pytest.mark.parametrize("factory", [backbone, maps])
@pytest.mark.parametrize("architecture", [HardSharing, SingleTask, CrossStitch, MMoE])
def test_a_backbone_of_another_library_starts_from_its_file(factory, architecture, data, tmp_path):
    torch.manual_seed(7)
    published = Backbone(in_chans=1, num_classes=10)
    path = saved(tmp_path / "published.safetensors", published.state_dict())
    recipe = Pretrained(factory, path)
    (stage,) = recipe.stages((1, 6, 6))
    photo = torch.randn(2, 1, 6, 6)
    features = stage.eval()(photo)
    expected = published.eval().forward_features(photo)
    torch.testing.assert_close(features, expected if factory is maps else expected.mean(dim=(2, 3)))
    learner = MultiTaskNetwork(architecture(recipe), TRAINER)
    with pytest.warns(UserWarning, match=r"gives 9 of the 9 .*; not used: fc\.bias, fc\.weight"):
        model = polytask.fit(data, learner)
    model.save(tmp_path / "model")
    table = data.sources[0].inputs
    before = model.predict(table)
    after = load(tmp_path / "model", trusted=["users_backbones"]).predict(table)
    np.testing.assert_array_equal(before["bright"].raw, after["bright"].raw)


class Ran:
    """Unpickled, it would run code."""

    def __reduce__(self):
        return print, ("ran",)


def faulty(folder, case):
    path = folder / "weights.safetensors"
    if case == "absent":
        return str(path)
    if case == "none fits":
        return saved(path, {"layer.weight": torch.ones(2), "layer.bias": torch.ones(1)})
    if case == "no tensors":
        path = path.with_suffix(".pt")
        torch.save([1, 2], path)
    elif case == "code":
        path = path.with_suffix(".pt")
        torch.save({"weight": Ran()}, path)
    elif case == "corrupt":
        path.write_bytes(b"no tensors")
    elif case == "infinite":
        named = tensors()
        named["0.0.weight"][0] = torch.nan
        return saved(path, named)
    return str(path)


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("absent", r"weights.safetensors' cannot be read: No such file"),
        (
            "none fits",
            r"stages of CNN, such as 0\.0\.weight \(4, 1, 3, 3\), .* None of the 2 .* Say by `rename`",
        ),
        ("no tensors", r"file of named tensors\. weights\.pt holds none"),
        ("code", r"file of tensors alone\. weights\.pt cannot be read as one: .* Save the tensors"),
        ("corrupt", r"file of tensors alone\. weights\.safetensors cannot be read as one"),
        ("infinite", r"0\.0\.weight of weights\.safetensors holds others"),
    ],
)
def test_bad_files_are_refused_in_words(case, sentence, tmp_path, capsys):
    with pytest.raises(ParameterError, match=sentence):
        Pretrained(RECIPE, faulty(tmp_path, case)).stages((1, 6, 6))
    assert capsys.readouterr().out == ""


def test_a_recipe_with_another_file_belongs_to_that(path, tmp_path):
    other = saved(tmp_path / "other.safetensors", tensors(seed=8))
    recipe = replace(Pretrained(RECIPE, path), path=other)
    assert recipe.digest != Pretrained(RECIPE, path).digest
    assert_equal(state(recipe.stages((1, 6, 6))), tensors(seed=8))
    assert Pretrained("cnn", path).recipe == CNN()


def test_a_file_that_changed_is_refused(path):
    recipe = Pretrained(RECIPE, path)
    saved(path, tensors(seed=8))
    with pytest.raises(ParameterError, match="held other bytes when the recipe was made"):
        recipe.stages((1, 6, 6))


def test_other_files_are_refused():
    with pytest.raises(
        ParameterError, match=r"`path` parameter of Pretrained must be the path of a"
    ):
        Pretrained(RECIPE, "weights.h5")
