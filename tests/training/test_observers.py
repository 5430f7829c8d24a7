"""Observers as a slot of the trainer: what they see, where it is kept, and what is refused."""

import json
import random
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from training_tables import mixed_table, own_rows_table, regression_table

from polytask._recipes import from_json, names_in, to_json
from polytask.architectures import HardSharing, SingleTask, SoftSharing
from polytask.bookkeeping import EpochRecord, History
from polytask.encoders import MLP
from polytask.exceptions import ObserverError, ParameterError, UnknownNameError, UnservedNeedError
from polytask.losses import MultiTaskLoss
from polytask.neural_network import MultiTaskNetwork
from polytask.observers import GradientConflict, Observer
from polytask.testing import tiny_dataset
from polytask.training import Trainer, score
from polytask.training._observed_values import plain_values

SMALL = MLP((6,), dropout=0.3, normalization="batch")


@dataclass(frozen=True)
class Rude(Observer):
    """Leaves nothing as it was."""

    needs = frozenset({"batches"})

    def observe(self, view):
        network = view.network.train()
        torch.manual_seed(1)
        np.random.seed(1)  # noqa: NPY002 - it is rude
        random.seed(1)
        torch.optim.SGD(network.parameters(), lr=1.0).zero_grad()
        sum(scores.sum() for scores in network(view.batches[0]).values()).backward()
        with torch.no_grad():
            for tensor in (*network.parameters(), *network.buffers()):
                tensor.mul_(2)
            for parameter in network.parameters():
                parameter.data.add_(1.0)
        network.requires_grad_(False)
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        for losses in (view.train_losses, view.validation_losses, view.weights):
            losses.clear()
        return {}


@dataclass(frozen=True)
class Seen(Observer):
    """What stands in its views."""

    needs = frozenset({"batches", "gramian", "validation_rows"})
    n_batches: int = 2

    def observe(self, view):
        scores = score(view.network, view.validation)
        return {
            "epoch": view.epoch,
            "step": view.step,
            "tasks": view.tasks,
            "losses": dict(view.train_losses),
            "validation": dict(view.validation_losses),
            "training": view.network.training,
            "rows": [sum(rows.n_rows for rows in batch.values()) for batch in view.batches],
            "first": [float(next(iter(rows.inputs.values())).flatten()[0])
                      for batch in view.batches for rows in batch.values()],
            "present": view.present.tolist(),
            "symmetric": torch.equal(view.gramians, view.gramians.mT),
            "shape": list(view.gramians.shape),
            "scores": sum(len(one) for one in scores.values()),
            "before": [record.epoch for record in view.history],
            "earlier": [record.observed["seen"]["draw"] for record in view.history],
            "draw": torch.rand(1, generator=view.generator).item(),
        }  # fmt: skip


@dataclass(frozen=True)
class OnlyEpoch(Observer):
    name = "epoch"

    def observe(self, view):
        return {"is": view.epoch, "numpy": np.float32(0.5), "nan": float("nan"), "yes": True}


def fitted(observers=(), architecture=None, data=None, **options):
    data = mixed_table(60) if data is None else data
    settings = {"steps": 9, "batch_size": 16, "evaluate_every": 3, **options}
    trainer = Trainer(observers=observers, **settings)
    return trainer.fit(architecture or HardSharing(SMALL), data, data, seed=1)


def without_seconds(history):
    return [{**epoch, "seconds": 0.0, "observed": {}} for epoch in history.to_dict()["epochs"]]


# ── training stays the same ───────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("options", [{}, {"aggregation": "pc_grad"}, {"precision": "bf16-mixed"}])
def test_whatever_an_observer_does_training_goes_on_as_without(options):
    plain = fitted(**options)
    rude = fitted((Rude(), GradientConflict(2), OnlyEpoch()), **options)
    for name, tensor in plain.network.state_dict().items():
        assert torch.equal(tensor, rude.network.state_dict()[name]), name
    assert without_seconds(plain.history) == without_seconds(rude.history)
    assert all(parameter.requires_grad for parameter in rude.network.parameters())
    assert torch.is_grad_enabled()


def test_an_observer_that_is_rude_hides_nothing_from_the_next():
    alone, after = fitted((Seen(),)), fitted((Rude(), Seen()))
    for one, other in zip(alone.history.epochs, after.history.epochs, strict=True):
        assert one.observed["seen"] == other.observed["seen"]


# ── what they see ─────────────────────────────────────────────────────────────────────────────
def test_what_stands_in_a_view():
    history = fitted((Seen(),)).history
    draws = [record.observed["seen"]["draw"] for record in history.epochs]
    assert len(set(draws)) == 3
    for position, record in enumerate(history.epochs):
        seen = record.observed["seen"]
        assert (seen["epoch"], seen["step"]) == (record.epoch, record.step)
        assert seen["tasks"] == ["passed", "score", "grade"]
        assert seen["losses"] == record.train_losses
        assert seen["validation"] == record.validation_losses
        assert seen["training"] is False
        assert seen["rows"] == [16, 16]
        assert seen["first"] == history.epochs[0].observed["seen"]["first"]
        assert len(set(seen["first"])) == 2
        assert seen["present"] == [[True] * 3] * 2
        assert seen["symmetric"]
        assert seen["shape"] == [2, 3, 3]
        assert seen["scores"] == 180
        assert seen["before"] == list(range(1, position + 1))
        assert seen["earlier"] == draws[:position]


def test_each_gets_as_many_batches_as_it_asks_for():
    few, many = Seen(n_batches=1), GradientConflict(n_batches=5)
    both = fitted((few, many)).history.epochs[-1].observed
    assert both["seen"]["rows"] == [16]
    assert both["gradient_conflict"] == fitted((many,)).history.epochs[-1].observed[many.name]


@pytest.mark.parametrize("data", [own_rows_table(3, 60), tiny_dataset(own_tables=True)])
def test_gradients_where_tasks_have_rows_of_their_own(data):
    record = fitted((GradientConflict(),), data=data).history.epochs[0]
    cosines = record.observed["gradient_conflict"]["cosines"]
    assert len(cosines) == len(data.tasks)
    assert any(value is not None for value in cosines[0][1:])


@dataclass(frozen=True)
class Shapes(Observer):
    needs = frozenset({"batches"})

    def observe(self, view):
        (rows,) = view.batches[0].values()
        return {"inputs": list(next(iter(rows.inputs.values())).shape)}


@dataclass(frozen=True)
class Losses(Observer):
    """Losses of the validation rows, by the network that is observed."""

    needs = frozenset({"validation_rows"})

    def observe(self, view):
        loss = MultiTaskLoss(view.network.blocks, view.network.tasks)
        with torch.no_grad():
            sums, counts = loss.sums(view.network(view.validation), view.validation)
        return {"losses": (sums / counts).tolist()}


def test_networks_of_single_tasks_are_observed_as_one_module_in_its_present_state():
    observers = (Shapes(), Losses())
    data = regression_table(3, 60)
    *before, _ = fitted(observers, SingleTask(SMALL), data).history.epochs
    assert before  # in the last, tasks have their best states
    for record in before:
        assert record.observed["shapes"]["inputs"][0] == 16
        losses = list(record.validation_losses.values())
        assert record.observed["losses"]["losses"] == pytest.approx(losses, rel=1e-5)


# ── where it is kept ──────────────────────────────────────────────────────────────────────────
def test_records_go_through_json():
    history = fitted((GradientConflict(), OnlyEpoch())).history
    assert history.epochs[1].observed["epoch"] == {"is": 2, "numpy": 0.5, "nan": None, "yes": True}
    text = json.dumps(history.to_dict(), allow_nan=False)
    assert History.from_dict(json.loads(text)) == history


class Label(str):
    __slots__ = ()


def test_values_become_plain():
    values = {
        Label("texts"): [Label("a"), np.str_("b")],
        "numpy": [np.bool_(True), np.int64(3), np.float64("inf")],
        "beyond": [10**400, Fraction(10**400, 3)],
    }
    plain = plain_values("odd", values)
    assert plain == {
        "texts": ["a", "b"],
        "numpy": [True, 3, None],
        "beyond": [None, None],
    }
    assert {type(text) for text in (*plain, *plain["texts"])} == {str}
    assert plain["numpy"][0] is True


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("\ud800", "texts that UTF-8 can encode"),
        ([[]] * 1001, r"at most 1,000 values per evaluation. Got 1,001"),
        (np.ones(2), r"Turn tensors and arrays into numbers"),
    ],
)
def test_values_that_no_record_keeps(value, words):
    with pytest.raises(ObserverError, match=words):
        plain_values("odd", {"value": value})


def test_records_of_before_have_nothing_observed():
    record = fitted().history.epochs[0]
    assert record.observed == {}
    values = {name: value for name, value in vars(record).items() if name != "observed"}
    assert EpochRecord(**values) == record


def test_sequences_are_lists_however_they_were_kept():
    observed = {"a": {"pairs": ((1, 2), (3, 4))}}
    assert EpochRecord(1, 1, 0.0, {}, {}, {}, 0.1, observed).observed == {
        "a": {"pairs": [[1, 2], [3, 4]]}
    }


def test_a_saved_model_keeps_them(tmp_path):
    import polytask

    network = MultiTaskNetwork(
        HardSharing(MLP((4,))), Trainer(steps=6, observers=(GradientConflict(1),))
    )
    predictor = polytask.fit(mixed_table(60), network)
    observed = predictor.history.epochs[0].observed
    assert observed["gradient_conflict"]["cosines"]
    predictor.save(tmp_path / "model")
    assert polytask.load(tmp_path / "model").history.epochs[0].observed == observed


# ── the slot ──────────────────────────────────────────────────────────────────────────────────
def test_names_become_objects():
    trainer = Trainer(observers=["gradient-conflict", OnlyEpoch()])
    assert trainer.observers == (GradientConflict(), OnlyEpoch())
    assert Trainer(observers=("GradientConflict:7",)).observers == (GradientConflict(7),)
    own = f"{__name__}:OnlyEpoch"
    assert list(names_in({"type": "polytask.training:Trainer", "parameters": {
        "observers": [own]}})) == [own]  # fmt: skip


def test_recipes_come_back():
    trainer = Trainer(observers=(GradientConflict(3),))
    assert from_json(json.loads(json.dumps(to_json(trainer)))) == trainer


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    ("given", "words"),
    [
        (GradientConflict(), r"must be a tuple of .*Give one observer as a tuple, too"),
        ("gradient_conflict", r"Got 'gradient_conflict' instead\. Give one observer as a tuple"),
        ((GradientConflict,), r"Make an object of the class: GradientConflict\(\)"),
        (GradientConflict, r"Make an object of the class: GradientConflict\(\)"),
        ((3,), "each an instance of Observer or str"),
        (None, "must be a tuple of values"),
        ((GradientConflict(), GradientConflict(2)), "of different names.*'gradient_conflict' out"),
    ],
)
def test_no_observers(given, words):
    with pytest.raises(ParameterError, match=words):
        Trainer(observers=given)


def test_an_unknown_name():
    with pytest.raises(UnknownNameError, match=r"no observer named 'gradient_conflct'. Did you"):
        Trainer(observers=("gradient_conflct",))
    with pytest.raises(UnknownNameError, match="must be a class that extends Observer"):
        Trainer(observers=("polytask.training:Trainer",))


@dataclass(frozen=True)
class Golden(OnlyEpoch):
    needs = frozenset({"gold"})


@pytest.mark.parametrize(
    ("observer", "architecture", "validation", "error", "words"),
    [
        (Golden(), HardSharing(SMALL), True, UnservedNeedError, "Golden needs gold, which Trainer"),
        (Seen(), HardSharing(SMALL), False, ParameterError, "Seen looks at validation rows, and"),
        (GradientConflict(), SingleTask(SMALL), True, ParameterError,
         "GradientConflict compares the tasks' gradients on shared parameters, and this"),
        (Shapes(), HardSharing(SMALL), True, None, ""),
    ],
)  # fmt: skip
def test_what_cannot_be_served_is_refused_before_the_first_step(
    observer, architecture, validation, error, words
):
    data = regression_table(2, 40)
    trainer = Trainer(steps=1, observers=(observer,))
    if error is None:
        assert trainer.fit(architecture, data).history.n_steps == 1
        return
    with pytest.raises(error, match=words):
        trainer.fit(architecture, data, data if validation else None)


@dataclass(frozen=True)
class Late(Observer):
    def observe(self, view):
        return {"x": 1 // (2 - view.epoch)}


def test_an_error_names_the_observer():
    words = r"The observer 'late' failed at evaluation 2 \(ZeroDivisionError: .*\)\. Correct it, or"
    with pytest.raises(ObserverError, match=words) as caught:
        fitted((Late(),))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


# ── as a learner ──────────────────────────────────────────────────────────────────────────────
def test_single_tasks_keep_observers_that_do_not_compare_tasks():
    network = MultiTaskNetwork(
        HardSharing(SMALL), Trainer(observers=(GradientConflict(), OnlyEpoch()))
    )
    alone = network.single_task()
    assert alone.trainer.observers == (OnlyEpoch(),)
    paths = [setting.path for setting in alone.settings()]
    assert not [path for path in paths if "observers" in path]
    wider = network.configured({"observers.n_batches": 9})
    assert wider.trainer.observers == (GradientConflict(9), OnlyEpoch())


def test_a_comparison_keeps_what_was_observed(tmp_path):
    import polytask
    from polytask.bookkeeping import Budget

    network = MultiTaskNetwork(
        HardSharing(MLP((4,))), Trainer(evaluate_every=5, observers=(GradientConflict(1),))
    )
    comparison = polytask.compare(
        regression_table(2, 40),
        [network],
        seeds=1,
        budget=Budget(steps=10),
        out=tmp_path,
        quiet=True,
    )
    rows = {row.name: row for row in comparison.learners}
    (run,) = rows["hard_sharing"].runs
    (curve,) = run.curves
    (values,) = curve["observed"].values()
    assert [len(one["cosines"]) for one in values] == [2, 2]
    assert "observed" not in rows["single_task"].runs[0].curves[0]
    records = [json.loads(path.read_text()) for path in tmp_path.glob("runs/*.json")]
    epochs = [epoch for record in records for epoch in record["history"].get("epochs", ())]
    assert len([epoch for epoch in epochs if epoch["observed"]]) == 2


def test_networks_without_shared_parameters_train_without_observers_that_compare_tasks():
    import polytask
    from polytask.bookkeeping import Budget

    recipe, data = SoftSharing(MLP((4,))), regression_table(2, 40)
    observers = (GradientConflict(1), OnlyEpoch())
    network = MultiTaskNetwork(recipe, Trainer(evaluate_every=2, observers=observers))
    (note,) = network.notes(data)
    assert note.startswith("Tasks of soft_sharing share no parameters")
    assert note.endswith("gradient_conflict is left out.")
    comparison = polytask.compare(data, [network], seeds=1, budget=Budget(steps=4), quiet=True)
    assert sum("gradient_conflict" in warning for warning in comparison.warnings) == 1
    rows = {row.name: row for row in comparison.learners}
    (values,) = rows["soft_sharing"].runs[0].curves[0]["observed"].values()
    assert len(values) == 2
    plain = replace(network, trainer=Trainer(evaluate_every=2)).fit(data, data, 0, Budget(steps=4))
    observed = network.fit(data, data, 0, Budget(steps=4)).model.network.state_dict()
    for name, value in plain.model.network.state_dict().items():
        assert torch.equal(value, observed[name])


def test_a_comparison_ends_with_the_observers_error_and_keeps_no_failure(tmp_path):
    import polytask
    from polytask.bookkeeping import Budget

    network = MultiTaskNetwork(
        HardSharing(MLP((4,))), Trainer(evaluate_every=2, observers=(Late(),))
    )
    with pytest.raises(ObserverError, match="The observer 'late' failed"):
        polytask.compare(
            mixed_table(80), [network], seeds=1, budget=Budget(steps=10), out=tmp_path, quiet=True
        )
    records = [json.loads(path.read_text()) for path in tmp_path.glob("runs/*.json")]
    assert not [record for record in records if record["failure"]]


def test_the_line_that_failed_is_named():
    observer = Late()
    trainer = Trainer(steps=10, evaluate_every=2, observers=(observer,))
    with pytest.raises(ObserverError, match=r", test_observers\.py, line \d+\)\. Correct it"):
        trainer.fit(HardSharing(MLP((4,))), mixed_table(80))
