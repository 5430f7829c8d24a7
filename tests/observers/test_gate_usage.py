"""Weights of gates, against gates that are given."""

import math
from dataclasses import dataclass, replace

import pytest
import torch
from torch import nn

from polytask.architectures import CGC, PLE, EncoderArchitecture, HardSharing, MMoE
from polytask.data import encode, fit_schemas
from polytask.encoders import MLP, TabM
from polytask.evaluation.judging._curves import curve
from polytask.exceptions import ParameterError, UnservedNeedError
from polytask.observers import GateUsage, Observer, View
from polytask.testing import tiny_dataset
from polytask.training import Trainer, to_tensors

SMALL = MLP((6,))
KINDS = ["regression", "binary", "regression"]


def view_of(data, recipe=None, gates=None):
    schemas = fit_schemas(data, None if recipe is None else recipe.bins)
    network = (recipe or HardSharing(SMALL)).build(schemas, data.tasks, seed=0).eval()
    if gates is not None:
        network.gate_weights = gates
    rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    names, empty = data.tasks.names, dict.fromkeys(data.tasks.names, 0.0)
    return View(1, 5, names, network, empty, empty, empty, (), torch.Generator(), validation=rows)


def test_means_shares_and_entropies_of_gates_that_are_known():
    data = tiny_dataset(["regression"] * 2, n_rows=4)
    sure = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    unsure = torch.tensor([[0.25, 0.75]] * 4)
    values = GateUsage().observe(
        view_of(data, gates=lambda batch: {"table": torch.stack([sure, unsure])})
    )
    entropy = -0.25 * math.log(0.25) - 0.75 * math.log(0.75)
    assert values == {
        "tasks": ["task0", "task1"],
        "experts": ["shared 1", "shared 2"],
        "weights": [[0.75, 0.25], [0.25, 0.75]],
        "largest": [[0.75, 0.25], [0.0, 1.0]],
        "entropy": [0.0, round(entropy, 4)],
        "mean": [0.5, 0.5],
        "own": None,
    }


def test_all_rows_count_where_they_are_cut_into_chunks(monkeypatch):
    view = view_of(tiny_dataset(KINDS), MMoE(SMALL, n_experts=3))
    whole = GateUsage().observe(view)
    monkeypatch.setattr("polytask.observers._gate_sums._ROWS_AT_ONCE", 7)
    assert GateUsage().observe(view) == whole
    wanted = view.network.gate_weights(view.validation)["table"].mean(dim=1)
    torch.testing.assert_close(torch.tensor(whole["weights"]), wanted, rtol=0, atol=1e-4)


def test_gates_see_few_rows_of_all_members_at_once(monkeypatch):
    view = view_of(tiny_dataset(KINDS), MMoE(TabM(members=3, widths=(6,)), n_experts=2))
    monkeypatch.setattr("polytask.observers._gate_sums._ROWS_AT_ONCE", 24)
    gates, seen = view.network.gate_weights, []

    def counted(batch):
        seen.append(batch["table"].n_rows)
        return gates(batch)

    view.network.gate_weights = counted
    GateUsage().observe(view)
    assert max(seen) == 24 // 3
    assert sum(seen) == view.validation["table"].n_rows


def test_rows_of_one_task_each_count_for_that_task():
    view = view_of(tiny_dataset(["regression"] * 3, own_rows=True), CGC(SMALL))
    values = GateUsage().observe(view)
    gates, task = view.network.gate_weights(view.validation)["table"], view.validation["table"].task
    for k in range(3):
        wanted = gates[task == k].mean(dim=0)
        torch.testing.assert_close(torch.tensor(values["weights"][k]), wanted, rtol=0, atol=1e-4)


@pytest.mark.parametrize("recipe", [CGC(SMALL, n_shared=3, n_specific=2), PLE(SMALL, n_shared=1)])
def test_own_experts_have_a_common_weight_and_no_means(recipe):
    view = view_of(tiny_dataset(KINDS), recipe)
    values = GateUsage().observe(view)
    weights, n_own = torch.tensor(values["weights"]), recipe.n_specific
    assert weights.shape == (3, n_own + recipe.n_shared)
    means = weights[:, n_own:].mean(dim=0)
    torch.testing.assert_close(torch.tensor(values["mean"]), means, rtol=0, atol=2e-4)
    n_shared = recipe.n_shared
    assert values["experts"] == [*(f"own {n + 1}" for n in range(n_own)),
                                 *(f"shared {n + 1}" for n in range(n_shared))]  # fmt: skip
    assert values["own"] == pytest.approx(weights[:, :n_own].sum(dim=1).mean().item(), abs=5e-4)
    assert sum(values["mean"]) + values["own"] == pytest.approx(1.0, abs=1e-3)


@dataclass(frozen=True)
class ModuleList(EncoderArchitecture):
    def network(self, encoder, schemas, tasks):
        made = HardSharing().network(encoder, schemas, tasks)
        made.gates = nn.ModuleList([nn.Linear(3, 2)])
        return made


def test_modules_that_are_called_gates_are_no_weights_of_gates():
    assert GateUsage().observe(view_of(tiny_dataset(), ModuleList(SMALL))) == {}


def test_tasks_with_tables_of_their_own():
    view = view_of(tiny_dataset(KINDS, own_tables=True), MMoE(SMALL, n_experts=2))
    values = GateUsage().observe(view)
    gates = view.network.gate_weights(view.validation)
    for k, source in enumerate(view.validation):
        wanted = gates[source][0].mean(dim=0)
        torch.testing.assert_close(torch.tensor(values["weights"][k]), wanted, rtol=0, atol=1e-4)


def test_many_tasks_are_recorded_by_their_mean_alone():
    n_tasks, n_experts = 60, 8
    gates = torch.rand(n_tasks, 20, n_experts).softmax(dim=-1)
    view = view_of(
        tiny_dataset(["regression"] * n_tasks, n_rows=20), gates=lambda batch: {"table": gates}
    )
    values = GateUsage().observe(view)
    assert (
        values["experts"]
        is values["tasks"]
        is values["weights"]
        is values["largest"]
        is values["entropy"]
        is None
    )
    torch.testing.assert_close(
        torch.tensor(values["mean"]), gates.mean(dim=(0, 1)), rtol=0, atol=1e-4
    )


def test_nothing_is_kept_of_a_network_without_gates():
    data, options = tiny_dataset(KINDS), {"steps": 4, "evaluate_every": 2}
    trainer = Trainer(observers=("gate_usage", Direct()), **options)
    for recipe in (HardSharing(SMALL), MMoE(SMALL, n_experts=2).twin()):
        trained = Trainer(observers=("gate_usage",), **options).fit(recipe, data, data)
        assert [record.observed for record in trained.history.epochs] == [{}, {}]
        points = curve(trained.history.to_dict(), 0, data.tasks.names)
        assert "observed" not in points
    history = trainer.fit(MMoE(SMALL, n_experts=2), data, data).history.to_dict()
    assert list(curve(history, 0, data.tasks.names)["observed"]) == ["gate_usage", "direct"]


@dataclass(frozen=True)
class Direct(Observer):
    needs = frozenset({"validation_rows"})

    def observe(self, view):
        gates = view.network.gate_weights(view.validation)["table"]
        return {"weights": gates.mean(dim=1).tolist()}


def test_a_training_records_gates_and_stays_as_it_was():
    data = tiny_dataset(KINDS)
    options = {"steps": 12, "batch_size": 16, "evaluate_every": 6}
    recipe = MMoE(MLP((6,), dropout=0.3), n_experts=2)
    watched = Trainer(observers=("gate_usage", Direct()), **options).fit(recipe, data, data)
    plain = Trainer(**options).fit(recipe, data, data)
    for record in watched.history.epochs:
        wanted = torch.tensor(record.observed["direct"]["weights"])
        weights = torch.tensor(record.observed["gate_usage"]["weights"])
        torch.testing.assert_close(weights, wanted, rtol=0, atol=1e-4)
    state = plain.network.state_dict()
    assert all(torch.equal(v, state[name]) for name, v in watched.network.state_dict().items())


def test_it_needs_validation_rows():
    with pytest.raises(ParameterError, match="GateUsage looks at validation rows, and there are"):
        Trainer(steps=1, observers=(GateUsage(),)).fit(MMoE(SMALL), tiny_dataset())
    view = replace(view_of(tiny_dataset()), validation=None)
    with pytest.raises(UnservedNeedError, match="GateUsage needs `validation` in its view"):
        GateUsage().observe(view)
