"""Conflicts by stage, against gradients found one by one, and on conflicts that were planted."""

import numpy as np
import pytest
import torch

from polytask.architectures import HardSharing, MMoE
from polytask.data import MultiTaskDataset, encode, fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import ParameterError, UnservedNeedError
from polytask.losses import MultiTaskLoss
from polytask.observers import StageConflict, View
from polytask.testing import tiny_dataset
from polytask.training import Trainer, to_tensors

KINDS = ["regression", "binary", "multiclass"]


def view_of(data, recipe, n_batches=1):
    schemas = fit_schemas(data)
    network = recipe.build(schemas, data.tasks, seed=0).eval()
    rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    names, empty = data.tasks.names, dict.fromkeys(data.tasks.names, 0.0)
    batches = (rows,) * n_batches
    return View(1, 5, names, network, empty, empty, empty, (), torch.Generator(), batches)


def test_they_are_those_of_gradients_found_one_by_one():
    view = view_of(tiny_dataset(KINDS, missing=0.3), HardSharing(MLP((6, 5))), n_batches=2)
    values = StageConflict().observe(view)
    network, rows = view.network, view.batches[0]
    sums, counts = MultiTaskLoss(network.blocks, network.tasks).sums(network(rows), rows)
    assert values["stages"] == ["inputs 1", "trunk 1", "trunk 2"]
    for place, stage in enumerate([network.inputs, *network.trunk]):
        flat = [
            torch.cat([g.flatten() for g in torch.autograd.grad(loss, [*stage.parameters()],
                                                                 retain_graph=True)])
            for loss in sums / counts
        ]  # fmt: skip
        pairs = [(flat[i], flat[j]) for i in range(3) for j in range(i + 1, 3)]
        cosines = [torch.cosine_similarity(a, b, dim=0).item() for a, b in pairs]
        sizes = [(a.norm().item(), b.norm().item()) for a, b in pairs]
        assert values["mean"][place] == pytest.approx(np.mean(cosines), abs=2e-4)
        assert values["negative"][place] == pytest.approx(np.mean(np.array(cosines) < 0), abs=1e-4)
        alike = [2 * a * b / (a**2 + b**2) for a, b in sizes]
        assert values["magnitude"][place] == pytest.approx(np.mean(alike), abs=2e-4)


def test_a_task_and_its_opposite_conflict_in_every_stage_and_have_gradients_of_one_length():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3))
    y = x[:, 0] + 0.1 * rng.normal(size=40)
    data = MultiTaskDataset.from_arrays(x, np.stack([y, -y], axis=1))
    view = view_of(data, HardSharing(MLP((6, 5))))
    with torch.no_grad():
        for parameter in view.network.heads.parameters():
            parameter[1] = parameter[0]  # the same answer, of which the labels are opposite
            if parameter.ndim == 2:
                parameter.zero_()
    values = StageConflict(n_batches=1).observe(view)
    assert max(values["mean"]) < 0
    assert values["negative"] == [1.0, 1.0]
    assert min(values["magnitude"]) > 0.9


def test_tasks_that_are_absent_have_no_conflict():
    data = tiny_dataset(["regression"] * 2, n_rows=20)
    view = view_of(data, HardSharing(MLP((4,))))
    rows = view.batches[0]["table"]
    next(iter(rows.targets.values())).mask[:, 1] = False
    values = StageConflict().observe(view)
    assert values == {
        "stages": ["inputs 1", "trunk 1"],
        "negative": [None, None],
        "mean": [None, None],
        "magnitude": [None, None],
    }


def test_experts_are_stages_and_gates_of_single_tasks_are_none():
    view = view_of(tiny_dataset(KINDS), MMoE(MLP((4, 4)), n_experts=2))
    assert StageConflict().observe(view)["stages"] == ["inputs 1", "experts 1", "experts 2"]


def test_it_needs_batches_and_sharing():
    view = view_of(tiny_dataset(), HardSharing(MLP((4,))), n_batches=0)
    with pytest.raises(UnservedNeedError, match="StageConflict needs `batches` in its view"):
        StageConflict().observe(view)
    trainer = Trainer(steps=1, observers=("stage_conflict",))
    with pytest.raises(ParameterError, match="this network has none"):
        trainer.fit(HardSharing(MLP((4,))).single_task(), tiny_dataset())
