"""Training, prediction and saving on a CUDA device agree with the CPU."""

import copy
import os
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from small_architectures import PLAIN, data_for, small_architectures

import polytask
from polytask.architectures import HardSharing, SoftSharing
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.penalties import RelationGraph, TaskCovariance, TraceNorm
from polytask.training import Trainer

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
ARCHITECTURES = small_architectures()


def fitted(architecture, device="cuda", **settings):
    trainer = Trainer(**{"steps": 5, "batch_size": 32, **settings})
    return polytask.fit(
        data_for(architecture), MultiTaskNetwork(architecture, trainer), device=device
    )


def agree(one, other, data, tolerance=1e-4):
    first, second = one.predict(data), other.predict(data)
    for task in one.tasks.names:
        np.testing.assert_allclose(first[task].raw, second[task].raw, atol=tolerance, rtol=1e-3)


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_architectures_give_the_same_scores(name):
    predictor = fitted(ARCHITECTURES[name])
    network = copy.deepcopy(predictor.model.network).cpu()
    on_cpu = replace(predictor, model=replace(predictor.model, network=network))
    agree(predictor, on_cpu, data_for(ARCHITECTURES[name]))


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
@pytest.mark.parametrize(
    "balancing",
    [
        {"weighting": "famo"},
        {"weighting": "uncertainty_weighting"},
        {"aggregation": "mgda"},
        {"aggregation": "nash_mtl"},
        {"aggregation": "pc_grad"},
    ],
    ids=lambda balancing: "+".join(balancing.values()),
)
def test_balancing(balancing):
    architecture = HardSharing(MLP((8,)))
    agree(fitted(architecture, **balancing), fitted(architecture, "cpu", **balancing), PLAIN, 1e-3)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_device_the_script_says_so(capsys):
    script = Path(__file__).parents[2] / "benchmarks" / "gpu.py"
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(os.fspath(script), run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out == "There is no CUDA device here, so nothing was run.\n"
