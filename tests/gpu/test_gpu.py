"""Training, prediction and saving on a CUDA device agree with the CPU."""

import copy
import os
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from populations import trained_apart
from small_architectures import PLAIN, data_for, small_architectures

import polytask
from polytask._naming import public_classes, required
from polytask.aggregation import Aggregator
from polytask.architectures import HardSharing, MMoE, SingleTask, SoftSharing
from polytask.bookkeeping import Budget
from polytask.encoders import (
    DCN,
    MLP,
    FTTransformer,
    PackedMLP,
    Periodic,
    PiecewiseLinear,
    ResidualMLP,
    TabM,
)
from polytask.merging import Merging
from polytask.neural_network import MergedNetwork, MultiTaskNetwork
from polytask.penalties import RelationGraph, TaskCovariance, TraceNorm
from polytask.testing import tiny_dataset
from polytask.training import Member, Trainer
from polytask.weighting import Weighting

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
ARCHITECTURES = small_architectures()
ENCODERS = {
    "DCN": DCN(2, widths=(8,), dropout=0.1),
    "FTTransformer": FTTransformer(8, depth=2, n_heads=2),
    "MLP, bins": MLP((8,), numbers=PiecewiseLinear(4)),
    "PackedMLP": PackedMLP(3, (8, 8), dropout=0.1),
    "ResidualMLP": ResidualMLP(8, depth=2),
    "TabM": TabM(3, (8, 8)),
    "TabM, all adapters": TabM(3, (8, 8), adapters="all", numbers=Periodic()),
}
RESUMED = {
    **ARCHITECTURES,
    "HardSharing, TabM": HardSharing(TabM(3, (8, 8))),
    "SingleTask, dropout": SingleTask(MLP((8,), dropout=0.3)),
    "SoftSharing, refitted": SoftSharing(MLP((8,)), penalty=TaskCovariance(alpha=1.0)),
}


def methods(room, base):
    """A room's methods by class name, those that need no arguments."""
    found = public_classes(f"polytask.{room}", base)
    return {name: kind() for name, kind in found.items() if not required(kind)}


WEIGHTINGS = methods("weighting", Weighting)
AGGREGATORS = methods("aggregation", Aggregator)
MERGINGS = methods("merging", Merging)


def fitted(architecture, device="cuda", precision=None, **settings):
    trainer = Trainer(**{"steps": 5, "batch_size": 32, **settings})
    network = MultiTaskNetwork(architecture, trainer)
    return polytask.fit(data_for(architecture), network, device=device, precision=precision)


def agree(one, other, data, tolerance=1e-4):
    first, second = one.predict(data), other.predict(data)
    for task in one.tasks.names:
        np.testing.assert_allclose(first[task].raw, second[task].raw, atol=tolerance, rtol=1e-3)


@pytest.mark.gpu
@needs_cuda
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_architectures_give_the_same_scores(name):
    predictor = fitted(ARCHITECTURES[name])
    network = copy.deepcopy(predictor.model.network).cpu()
    on_cpu = replace(predictor, model=replace(predictor.model, network=network))
    agree(predictor, on_cpu, data_for(ARCHITECTURES[name]))


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("sharing", [HardSharing, SingleTask, MMoE])
@pytest.mark.parametrize("name", ENCODERS)
def test_encoders_give_the_same_scores(name, sharing, tmp_path):
    predictor = fitted(sharing(ENCODERS[name]))
    predictor.save(tmp_path / "model")
    agree(predictor, polytask.load(tmp_path / "model"), PLAIN)


class KilledError(Exception):
    """The process was told to end."""


@pytest.mark.gpu
@needs_cuda
def test_members_side_by_side_are_the_runs_alone():
    trainer = Trainer(steps=10, batch_size=16, evaluate_every=5, accelerator="cuda")
    names = PLAIN.tasks.names
    members = [Member({names[0]: 1.0}), Member(seed=1), Member(seed=2, learning_rate=0.01)]
    architecture = HardSharing(MLP((16,)))
    assert trainer.stacking(architecture, members, PLAIN) is None
    together = trainer.fit_many(architecture, members, PLAIN, PLAIN)
    for own, alone in zip(
        together, trained_apart(trainer, architecture, members, PLAIN, PLAIN), strict=True
    ):
        found = own.network.state_dict()
        for key, tensor in alone.network.state_dict().items():
            torch.testing.assert_close(found[key], tensor, atol=1e-4, rtol=1e-3)


@pytest.mark.gpu
@needs_cuda
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", RESUMED)
def test_an_interrupted_run_ends_like_an_uninterrupted_one(name, tmp_path):
    """To rounding: sums of gradients on a device have no fixed order."""
    architecture, path = RESUMED[name], tmp_path / "state.safetensors"
    data = data_for(architecture)
    trainer = Trainer(steps=30, batch_size=16, evaluate_every=5, accelerator="cuda")
    whole = trainer.fit(architecture, data, data, seed=2)

    def kill(record):
        if record.epoch > 2:
            raise KilledError

    arguments = {"seed": 2, "checkpoint": path, "checkpoint_seconds": 0.0}
    with pytest.raises(KilledError):
        trainer.fit(architecture, data, data, on_epoch=kill, **arguments)
    resumed = trainer.fit(architecture, data, data, **arguments)
    found = resumed.network.state_dict()
    for key, tensor in whole.network.state_dict().items():
        torch.testing.assert_close(tensor, found[key], atol=1e-4, rtol=1e-3)


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("precision", ["bf16", "16"])
def test_half_precision(precision):
    architecture = HardSharing(TabM(3, (8, 8)))
    agree(fitted(architecture, precision=precision), fitted(architecture), PLAIN, 0.1)


@pytest.mark.gpu
@needs_cuda
def test_a_comparison(tmp_path):
    network = MultiTaskNetwork(HardSharing(TabM(2, (8, 8))))
    found = polytask.compare(
        tiny_dataset(n_rows=200), network, seeds=2, budget=Budget(2, 30), device="cuda",
        out=tmp_path / "study",
    )  # fmt: skip
    assert {row.name for row in found.learners} >= {network.name}
    assert found.model.predict(tiny_dataset(n_rows=200))


@pytest.mark.gpu
@needs_cuda
def test_saved_models_load_on_the_cpu(tmp_path):
    predictor = fitted(HardSharing(MLP((8,))))
    predictor.save(tmp_path / "model")
    loaded = polytask.load(tmp_path / "model")
    assert {p.device.type for p in loaded.model.network.parameters()} == {"cpu"}
    agree(predictor, loaded, PLAIN)


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("penalty", [TraceNorm(), RelationGraph(), TaskCovariance()])
def test_proximal_steps_and_relations(penalty):
    architecture = SoftSharing(MLP((8,)), penalty=penalty)
    cuda, cpu = fitted(architecture), fitted(architecture, "cpu")
    agree(cuda, cpu, PLAIN, 1e-3)
    for name, learned in cuda.model.network.relations().items():
        expected = cpu.model.network.relations()[name]
        assert learned.tasks == expected.tasks
        np.testing.assert_allclose(learned.values, expected.values, atol=1e-3, rtol=1e-2)


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("name", [*WEIGHTINGS, *AGGREGATORS])
def test_balancing(name):
    method = {"weighting": WEIGHTINGS[name]} if name in WEIGHTINGS else {}
    method = method or {"aggregation": AGGREGATORS[name]}
    architecture = HardSharing(MLP((8,)))
    agree(fitted(architecture, **method), fitted(architecture, "cpu", **method), PLAIN, 1e-3)


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("name", MERGINGS)
def test_merging(name):
    trainer = Trainer(steps=30, batch_size=16)
    learner = MergedNetwork(HardSharing(MLP((8,))), trainer, merging=MERGINGS[name])
    cuda, cpu = (polytask.fit(PLAIN, learner, device=device) for device in ("cuda", "cpu"))
    agree(cuda, cpu, PLAIN, 1e-2)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_device_the_script_says_so(capsys):
    script = Path(__file__).parents[2] / "benchmarks" / "gpu.py"
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(os.fspath(script), run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out == "There is no CUDA device here, so nothing was run.\n"
