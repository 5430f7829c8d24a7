"""Networks learn pixels: from several sources, with missing labels and weights, saved and read."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from torch import nn
from typer.testing import CliRunner

import polytask
from polytask import MultiTaskDataset, Task
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.cli._app import app
from polytask.datasets import make_scenes
from polytask.encoders import CustomEncoder, UNet
from polytask.evaluation import evaluate
from polytask.exceptions import DataError, ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import _sources_to_predict
from polytask.training import Trainer


def convolutions(shape):
    return nn.Sequential(
        nn.Conv2d(shape[0], 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()
    )


ENCODER = CustomEncoder(convolutions)


def squares(n_rows, size, seed=0):
    """A bright square on a dark ground: its pixels are of class 1, and nearer."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 0.2, (n_rows, 1, size, size)).astype(np.float32)
    mask = np.zeros((n_rows, size, size), dtype=np.uint8)
    for row, (top, left) in enumerate(rng.integers(0, size - 2, (n_rows, 2))):
        mask[row, top : top + 3, left : left + 3] = 1
    x[:, 0] += 2 * mask
    return x, mask


@pytest.fixture(scope="module")
def near_and_far():
    (near, mask), (far, other) = squares(40, 6), squares(30, 8, seed=1)
    depth = 9.0 - 4 * other
    depth[:3], depth[4, 0] = np.nan, np.nan
    frames = {
        "near": pl.DataFrame({"x": near, "mask": mask, "w": np.linspace(0, 2, 40)}),
        "far": pl.DataFrame({"x": far, "depth": depth, "w": np.ones(30)}),
    }
    tasks = [Task("mask", "dense_classes"), Task("depth", "dense_numbers")]
    return MultiTaskDataset.from_sources(frames, tasks, weight="w")


def test_sources_with_images_of_different_sizes(near_and_far, tmp_path):
    trainer = Trainer(steps=40, batch_size=16, learning_rate=2e-2)
    model = MultiTaskNetwork(HardSharing(UNet((8,))), trainer).fit(
        near_and_far, near_and_far, seed=0
    )
    figures = evaluate(model, near_and_far)
    assert figures["mask"]["mean_iou"].value > 0.9
    assert figures["depth"]["dense_mae"].value < 0.7
    model.save(tmp_path / "model")
    again = polytask.load(tmp_path / "model")
    before, after = model.predict(near_and_far), again.predict(near_and_far)
    assert before["mask"].response.shape == (40, 2, 6, 6)
    assert before["depth"].decision.shape == (30, 8, 8)
    for name in before:
        np.testing.assert_array_equal(before[name].response, after[name].response)


def test_missing_and_unweighted_pixels_teach_nothing(near_and_far):
    """Other numbers where nothing is labelled, and in rows of weight 0, change no parameter."""
    trainer = Trainer(steps=3, batch_size=16)

    def fitted(data):
        network = MultiTaskNetwork(HardSharing(ENCODER), trainer)
        return network.fit(data, data, seed=0).predict(near_and_far)["mask"].raw

    first = near_and_far.sources[0]
    frame = first.labels.frame
    masks = frame["mask"].to_numpy().copy()
    masks[0] = 1 - masks[0]  # of weight 0
    changed = replace(first.labels, frame=frame.with_columns(mask=pl.Series(masks)))
    other = replace(near_and_far, sources=(replace(first, labels=changed), near_and_far.sources[1]))
    np.testing.assert_array_equal(fitted(near_and_far), fitted(other))


def test_half_precision(near_and_far):
    trainer = Trainer(steps=3, batch_size=16, precision="bf16-mixed")
    model = MultiTaskNetwork(HardSharing(ENCODER), trainer).fit(near_and_far, near_and_far, seed=0)
    assert np.isfinite(model.predict(near_and_far)["depth"].response).all()


def test_new_rows(near_and_far, monkeypatch):
    trainer = Trainer(steps=2, batch_size=16)
    model = MultiTaskNetwork(HardSharing(ENCODER), trainer).fit(near_and_far, near_and_far, seed=0)
    with pytest.raises(DataError, match=r"shape \(1, 6, 6\) when .* and of shape \(1, 7, 7\) now"):
        model.predict({"near": {"x": squares(2, 7)[0]}})
    monkeypatch.setattr(_sources_to_predict, "_MOST_NUMBERS", 1000)
    with pytest.raises(DataError, match=r"of 40 rows would be 2,880 numbers; .* about 13 rows"):
        model.predict({"near": {"x": squares(40, 6)[0]}})


@pytest.mark.slow
def test_comparison_report_and_predictions_of_the_command_line(tmp_path):
    targets = ("segments", "depth", "centers")
    source = make_scenes(60, 16, targets=targets)[0].sources[0]
    scenes = tmp_path / "scenes.parquet"
    source.inputs.hstack(source.labels.frame).write_parquet(scenes)

    def run(*arguments):
        done = CliRunner().invoke(app, list(map(str, arguments)))
        return done.exit_code, f"{done.output}{done.exception or ''}"

    kinds = {"segments": "dense_classes", "depth": "dense_numbers", "centers": "heat_map"}
    named = [part for name, kind in kinds.items() for part in ("-t", f"{name}:{kind}")]
    options = ["--model", "hard_sharing+u_net(widths=(4,8))", "--steps", "8", "--seeds", "1"]
    study = tmp_path / "study"
    code, said = run("compare", scenes, *named, *options, "--trials", "1", "--out", study)
    assert code == 0, said
    assert "segments, mean IoU ↑" in said
    assert "0: 4" in (study / "report.html").read_text()  # per cent of pixels
    saved = next(study.glob("runs/*.model"))
    code, said = run("predict", saved, scenes, "--out", tmp_path / "out.parquet")
    assert code == 0, said
    answers = pl.read_parquet(tmp_path / "out.parquet")
    assert answers["segments"].to_numpy().shape == answers["depth"].to_numpy().shape == (60, 16, 16)
    for out in (["--out", tmp_path / "out.csv"], []):
        code, said = run("predict", saved, scenes, *out)
        assert code > 0
        assert "'segments' holds an array in each row" in said
        assert "--out predictions.parquet" in said


def test_estimators_say_that_they_answer_no_pixels(near_and_far):
    with pytest.raises(ParameterError, match="'linear' cannot learn these tasks: mask"):
        polytask.fit(near_and_far, "linear")
    constant = polytask.fit(near_and_far, "constant", budget=Budget(steps=1))
    assert constant.predict(near_and_far)["mask"].response.shape == (40, 2, 6, 6)


def test_a_unet_reads_images_for_pixels():
    data, _ = make_scenes(12, 16)
    network = MultiTaskNetwork(HardSharing(UNet((4, 8))), Trainer(steps=1, batch_size=8))
    model = network.fit(data, data, seed=0)
    assert model.predict(data)["segments"].decision.shape == (12, 16, 16)
