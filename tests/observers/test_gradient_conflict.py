"""Conflicts of gradients, against gradients found one by one."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from polytask.architectures import HardSharing
from polytask.bookkeeping import EpochRecord
from polytask.encoders import MLP
from polytask.losses import MultiTaskLoss
from polytask.observers import GradientConflict, Observer, View
from polytask.testing import tiny_dataset
from polytask.training import Trainer

KINDS = ["regression", "binary", "multiclass"]


def viewed(gramians, tasks=("a", "b", "c")) -> View:
    gramians = torch.tensor(np.array(gramians), dtype=torch.float64)
    empty = dict.fromkeys(tasks, 0.0)
    network = HardSharing(MLP((2,))).build(*schemas_and_tasks(), seed=0)
    return View(
        1, 5, tasks, network, empty, empty, empty, (), torch.Generator(), (), gramians,
        gramians.diagonal(dim1=1, dim2=2) > 0,
    )  # fmt: skip


def schemas_and_tasks():
    from polytask.data import fit_schemas

    data = tiny_dataset()
    return fit_schemas(data), data.tasks


def gramian_of(*gradients):
    rows = np.array(gradients, dtype=float)
    return rows @ rows.T


def test_means_over_batches_and_shares_of_all_pairs():
    first = gramian_of((1, 0), (0, 2), (-3, 0))
    second = gramian_of((1, 0), (1, 1), (-1, -1))
    values = GradientConflict().observe(viewed([first, second]))
    half = round(0.5 / np.sqrt(2), 4)
    assert values["tasks"] == ["a", "b", "c"]
    assert values["cosines"] == [
        [1.0, half, round((-1 - np.sqrt(0.5)) / 2, 4)],
        [half, 1.0, -0.5],
        [round((-1 - np.sqrt(0.5)) / 2, 4), -0.5, 1.0],
    ]
    assert values["negative"] == 0.5
    pairs = [0, -1, 0, np.sqrt(0.5), -np.sqrt(0.5), -1]
    assert values["mean"] == pytest.approx(np.mean(pairs), abs=1e-4)


def test_tasks_that_are_absent_have_no_cosine():
    absent = gramian_of((1, 0), (0, 0), (1, 1))
    values = GradientConflict().observe(viewed([absent, absent]))
    assert values["cosines"][1] == [None, None, None]
    assert values["cosines"][0] == [1.0, None, 0.7071]
    assert (values["mean"], values["negative"]) == (0.7071, 0.0)


def test_a_pair_counts_where_it_meets():
    together, apart = gramian_of((1, 0), (-1, 0)), gramian_of((1, 0), (0, 0))
    values = GradientConflict().observe(viewed([together, apart], ("a", "b")))
    assert values["cosines"] == [[1.0, -1.0], [-1.0, 1.0]]
    assert values["negative"] == 1.0


def test_one_task_has_no_pairs():
    values = GradientConflict().observe(viewed([gramian_of((1, 2))], ("a",)))
    assert values == {"tasks": ["a"], "cosines": [[1.0]], "mean": None, "negative": None}


def test_gradients_that_overflow_have_no_cosine():
    values = GradientConflict().observe(viewed([[[np.inf, 1.0], [1.0, 1.0]]], ("a", "b")))
    assert values["cosines"] == [[None, None], [None, 1.0]]
    assert values["negative"] is None


def test_matrices_of_many_tasks_are_left_out():
    gradients = np.random.default_rng(0).normal(size=(21, 5))
    names = tuple(map(str, range(21)))
    values = GradientConflict().observe(viewed([gramian_of(*gradients)], names))
    assert values["cosines"] is None
    assert 0 < values["negative"] < 1
    assert GradientConflict().observe(viewed([gramian_of(*gradients[:20])], names[:20]))["cosines"]


@dataclass(frozen=True)
class Direct(Observer):
    """Cosines of flattened gradients, one task and one batch after another."""

    n_batches: int = 3
    needs = frozenset({"batches", "gramian"})

    def observe(self, view):
        network = view.network.train()
        loss = MultiTaskLoss(network.blocks, network.tasks)
        shared = network.shared_parameters()
        cosines = []
        for batch, present in zip(view.batches, view.present, strict=True):
            losses, labelled = loss(network(batch), batch)
            assert labelled.tolist() == present.tolist()
            rows = [
                torch.autograd.grad(one, shared, retain_graph=True, allow_unused=True)
                for one in losses
            ]
            flat = torch.stack(
                [torch.cat([(0 * p if g is None else g).flatten()
                            for g, p in zip(row, shared, strict=True)]) for row in rows]
            ).double()  # fmt: skip
            norms = flat.norm(dim=1)
            cosines.append(flat @ flat.T / norms[:, None] / norms)
        stacked = torch.stack(cosines)
        upper = torch.triu_indices(len(flat), len(flat), 1)
        of_pairs = stacked[:, upper[0], upper[1]]
        of_pairs = of_pairs[~of_pairs.isnan()]
        return {
            "cosines": stacked.nanmean(dim=0).tolist(),
            "negative": float((of_pairs < 0).double().mean()),
        }


@pytest.mark.parametrize("normalization", [None, "batch"])
@pytest.mark.parametrize(
    "data",
    [
        tiny_dataset(KINDS, missing=0.85, n_rows=90),
        tiny_dataset(["regression", "binary"], own_tables=True),
        tiny_dataset(["regression"] * 3, own_rows=True),
    ],
    ids=["table", "own tables", "own rows"],
)
def test_they_are_those_of_gradients_found_one_by_one(data, normalization):
    observers = (GradientConflict(n_batches=3), Direct())
    trainer = Trainer(steps=6, batch_size=12, evaluate_every=3, observers=observers)
    network = HardSharing(MLP((8,), normalization=normalization))
    for record in trainer.fit(network, data, data).history.epochs:
        assert isinstance(record, EpochRecord)
        values, wanted = record.observed["gradient_conflict"], record.observed["direct"]
        cosines, direct = (np.array(one["cosines"], dtype=float) for one in (values, wanted))
        assert np.isfinite(cosines).any()
        np.testing.assert_allclose(cosines, direct, atol=2e-4)
        assert values["negative"] == pytest.approx(wanted["negative"], abs=1e-4)


def test_stopped_tasks_are_left_out():
    data = tiny_dataset(KINDS)
    trainer = Trainer(
        steps=60, evaluate_every=2, task_patience=1, patience=None, learning_rate=0.3,
        observers=(GradientConflict(n_batches=1),),
    )  # fmt: skip
    history = trainer.fit(HardSharing(MLP((4,))), data, data, seed=1).history
    stopped = [
        record for record in history.epochs if 0 < list(record.weights.values()).count(0.0) < 3
    ]
    assert stopped
    for record in stopped:
        cosines = record.observed["gradient_conflict"]["cosines"]
        for position, weight in enumerate(record.weights.values()):
            if weight == 0.0:
                assert cosines[position] == [None, None, None]


@pytest.mark.usefixtures("unchecked_types")
def test_records_of_many_tasks_hold_no_names():
    names = tuple(f"t{k}" for k in range(1200))
    view = SimpleNamespace(tasks=names, gramians=torch.eye(1200, dtype=torch.float64)[None])
    values = GradientConflict().observe(view)
    assert (values["tasks"], values["cosines"]) == (None, None)
    assert (values["mean"], values["negative"]) == (0.0, 0.0)
