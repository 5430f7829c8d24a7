"""Networks trained jointly, fine-tuned per task and merged."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call
from training_tables import mixed_table

import polytask
from polytask import Task
from polytask.architectures import (
    COSMOS,
    Branching,
    HardSharing,
    MMoE,
    Owned,
    Separate,
    SingleTask,
    SoftSharing,
    _copies,
)
from polytask.architectures._copy_task import give_task
from polytask.architectures._task_copies import TaskCopies, TaskCopiesNetwork, _freeze_own_parts
from polytask.bookkeeping import Budget, History
from polytask.data import fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.learners import as_learners, resolve_learner
from polytask.merging import DARE, TIES, AdaMerging, TaskArithmetic, WeightAveraging
from polytask.neural_network import MergedNetwork, MultiTaskNetwork
from polytask.neural_network._budget_shares import budget_shares
from polytask.neural_network._merged_states import merged_state
from polytask.neural_network._stage_history import concluded
from polytask.penalties import MeanDeviation
from polytask.testing import tiny_dataset
from polytask.training import Trainer
from polytask.training._selection import mean_gain
from polytask.training._training_run import TrainingRun

SMALL = HardSharing(MLP((8,)))
TRAINER = Trainer(batch_size=32, evaluate_every=5, patience=None, learning_rate=0.01)
TRAIN, VALIDATION = mixed_table(seed=0), mixed_table(seed=1)


def fitted(merging, architecture=SMALL, trainer=TRAINER, steps=20, **options):
    network = MergedNetwork(architecture, trainer, merging=merging)
    return network.fit(TRAIN, VALIDATION, 3, Budget(steps=steps), **options)


def stages(architecture=SMALL, steps=10, held_out=0.0):
    """The joint network and the state of every task's copy, by the trainer alone."""
    trainer = replace(TRAINER, steps=steps)
    arguments = {"seed": 3, "held_out": held_out}
    joint = trainer.fit(architecture, TRAIN, VALIDATION, **arguments)
    copies = TaskCopiesNetwork(joint.network, joint.schemas, TRAIN.tasks)
    start = copies.state_dict()
    tuned = trainer.fit(TaskCopies(architecture), TRAIN, VALIDATION, start=start, **arguments)
    return joint.network, tuned.network.states()


@pytest.mark.parametrize("merging", [WeightAveraging(), TIES(1.0, 0.7), DARE(0.3)], ids=repr)
def test_shared_tensors_are_merged_and_heads_stay_as_in_joint_training(merging):
    merging = merging.candidates()[-1]
    model = fitted(merging).model.network.state_dict()
    joint, tuned = stages()
    start = joint.state_dict()
    trunk = [name for name in start if not name.startswith("heads")]
    wanted = merging.merge(
        {name: start[name] for name in trunk},
        {task: {name: state[name] for name in trunk} for task, state in tuned.items()},
        seed=3,
    )
    assert len(trunk) > 2
    for name in trunk:
        assert torch.equal(model[name], wanted[name]), name
        assert not torch.equal(model[name], start[name]), name
    heads = [name for name in start if name.startswith("heads")]
    assert len(heads) == 6
    for name in heads:
        assert torch.equal(model[name], start[name]), name


@pytest.mark.slow
@pytest.mark.parametrize("merging", [TaskArithmetic(), TIES(), DARE()], ids=repr)
def test_a_chosen_scale_is_never_worse_on_validation_rows_than_the_joint_network(merging):
    """A large learning rate pulls the copies far apart, where every other scale is worse."""
    trainer = replace(TRAINER, learning_rate=0.1)
    last = fitted(merging, trainer=trainer, steps=100).history.epochs[-1].validation_losses
    joint = replace(trainer, steps=50).fit(SMALL, TRAIN, VALIDATION, seed=3).history
    before = joint.epochs[joint.best_epoch - 1].validation_losses
    assert mean_gain(TRAIN.tasks, before, last) >= -1e-6


def own_parts_trained(architecture, data):
    """Names of the parameters that copies train, by task."""
    schemas = fit_schemas(data)
    network = architecture.build(schemas, data.tasks, 0)
    copies = TaskCopiesNetwork(network, schemas, data.tasks)
    return {
        task: {name for name, tensor in state.items() if tensor.requires_grad}
        for task, state in copies.states().items()
    }


@pytest.mark.parametrize("together", [True, False])
def test_copies_train_what_tasks_share_alone(together, monkeypatch):
    if not together:
        monkeypatch.setattr(_copies, "same_features", lambda *_: None)
    data = tiny_dataset(["regression", "regression", "binary"], own_tables=True)
    for names in own_parts_trained(SMALL, data).values():
        assert names
        assert all(name.startswith("trunk") for name in names)
    experts = own_parts_trained(MMoE(MLP((4,)), n_experts=2), data)
    assert all("experts" in name for name in set().union(*experts.values()))


def test_a_task_that_shares_nothing_is_fine_tuned_but_for_its_head():
    data = tiny_dataset(["regression"] * 3, own_tables=True)
    first, second, third = data.tasks.names
    trained = own_parts_trained(Branching(MLP((4,)), groups=(((first, second), (third,)),)), data)
    layers = ("inputs.2", "branches.0.members.1")
    for prefix in layers:
        assert any(name.startswith(prefix) for name in trained[third])
    shared = {name for name in trained[first] if not name.startswith(layers)}
    assert shared
    assert all(name.startswith("branches.0.members.0") for name in shared)


def test_proximal_steps_leave_untrained_parts_of_copies_alone(monkeypatch):
    data = tiny_dataset(["regression"] * 2)
    schemas = fit_schemas(data)
    network = SMALL.build(schemas, data.tasks, 0)

    def shrink(self, step):
        for parameter in self.parameters():
            parameter.mul_(1 - step)

    monkeypatch.setattr(type(network), "proximal_step", shrink)
    copies = TaskCopiesNetwork(network, schemas, data.tasks)
    for task in data.tasks.names:
        copied = copies.of_task(task)
        copied.proximal_step(0.5)
        give_task(copied, task, copies)
    for state in copies.states().values():
        for name, tensor in network.state_dict().items():
            expected = tensor if name.startswith("heads") else tensor / 2
            assert torch.equal(state[name], expected), name


def test_a_head_that_is_stacked_with_those_of_tasks_that_share_is_not_trained():
    rows = {"x": [0.0, 1.0, 2.0, 3.0] * 4}
    tables = {
        "first": rows | {"a": rows["x"], "b": rows["x"]},
        "second": {"z": rows["x"], "c": rows["x"]},
    }
    data = polytask.read(sources=tables, tasks=["a:regression", "b:regression", "c:regression"])
    trained = own_parts_trained(HardSharing(MLP(())), data)["c"]
    assert "inputs.1.adapter.weight" in trained
    assert not any(name.startswith("heads") for name in trained)


def test_a_parameter_with_shared_and_private_slices_is_trained_as_a_whole():
    data = tiny_dataset(["regression"] * 2)
    schemas = fit_schemas(data)
    network = SMALL.build(schemas, data.tasks, 0)
    first, second = data.tasks.names
    stacked = network.heads[0].weight
    network.owners = lambda: [Owned(stacked, (first, second), 0, ((second,), ()))]
    name = "heads.0.weight"
    _freeze_own_parts(network)
    assert stacked.requires_grad
    start = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
    tuned = {
        task: {**start, name: start[name] + shift} for task, shift in ((first, 2.0), (second, 4.0))
    }
    merged = merged_state(WeightAveraging(), network, start, tuned, seed=0)[name]
    torch.testing.assert_close(merged, start[name] + torch.tensor([3.0, 4.0])[:, None, None])


def test_networks_without_a_proximal_map_are_not_copied_at_every_step(monkeypatch):
    monkeypatch.setattr(_copies, "same_features", lambda *_: None)
    data = tiny_dataset(["regression"] * 2)
    schemas = fit_schemas(data)
    copies = TaskCopiesNetwork(SMALL.build(schemas, data.tasks, 0), schemas, data.tasks)
    versions = {name: tensor._version for name, tensor in copies.named_parameters()}
    copies.proximal_step(0.5)
    assert not all(tensor.requires_grad for tensor in copies.parameters())
    assert versions == {name: tensor._version for name, tensor in copies.named_parameters()}


def test_half_of_the_budget_is_joint_and_the_cost_of_all_stages_is_counted():
    records = []
    model = fitted(WeightAveraging(), steps=21, on_epoch=records.append)
    history = model.history
    assert [record.step for record in records] == [5, 10, 15, 20, 21]
    assert [record.validation_losses for record in records] == [
        epoch.validation_losses for epoch in history.epochs[:-1]
    ]
    assert history.n_steps == 21
    assert [epoch.step for epoch in history.epochs] == [5, 10, 15, 20, 21, 21]
    assert [epoch.epoch for epoch in history.epochs] == [1, 2, 3, 4, 5, 6]
    seconds = [epoch.seconds for epoch in history.epochs]
    assert seconds == sorted(seconds)
    assert history.seconds >= seconds[-1]
    assert history.best_epoch == 6
    assert history.n_parameters == model.n_parameters
    alone = replace(TRAINER, steps=1).fit(SMALL, TRAIN, VALIDATION)
    assert model.n_parameters == alone.history.n_parameters
    assert "10 steps of joint training" in history.stopped
    assert "11 of a copy per task" in history.stopped
    joint = replace(TRAINER, steps=10).fit(SMALL, TRAIN, VALIDATION, seed=3).history
    before = joint.epochs[joint.best_epoch - 1].validation_losses
    gain = mean_gain(TRAIN.tasks, before, history.epochs[-1].validation_losses)
    change = f"{100 * abs(gain):.1f} % {'lower' if gain > 0 else 'higher'}"
    assert history.stopped.endswith(
        "merged by WeightAveraging(), whose validation losses are, on average over the primary "
        f"tasks, {change} than those of the joint network"
    )


@pytest.mark.parametrize(
    ("gain", "kept", "end"),
    [
        (
            0.0004,
            False,
            "), whose validation losses are, on average over the primary tasks, equal to ",
        ),
        (-0.0006, False, ", 0.1 % higher than "),
        (0.0, True, "scale=0.0), which keeps the parameters of the joint network"),
        (-0.01, True, "the joint network and whose validation losses are, on average over the "),
        (None, True, "scale=0.0), which keeps the parameters of the joint network"),
        (float("nan"), False, "scale=0.0)"),
    ],
)
def test_the_comparison_with_the_joint_network_is_in_rounded_numbers(gain, kept, end):
    costs = {"gain": gain, "kept": kept, "n_steps": 0, "seconds": 0.0}
    stopped = concluded(History(), TaskArithmetic(0.0), {}, **costs).stopped
    assert end in stopped
    assert "0.0 %" not in stopped
    assert kept == ("keeps the parameters" in stopped)


def test_a_scale_of_zero_keeps_the_joint_network():
    for scale, keeps in ((0.0, True), (0.5, False)):
        stopped = fitted(TaskArithmetic(scale)).history.stopped
        assert stopped.endswith("which keeps the parameters of the joint network") == keeps


def test_what_is_left_open_is_chosen_by_the_gain_on_validation_rows(monkeypatch):
    monkeypatch.setattr("polytask.merging._task_arithmetic._SCALES", (0.1, 0.4, 2.0))
    chosen = fitted(TaskArithmetic())
    before, losses = (chosen.history.epochs[at].validation_losses for at in (1, -1))
    of_scale = {
        scale: fitted(TaskArithmetic(scale)).history.epochs[-1].validation_losses
        for scale in (0.1, 0.4, 2.0)
    }
    best = max(of_scale, key=lambda scale: mean_gain(TRAIN.tasks, before, of_scale[scale]))
    assert f"merged by TaskArithmetic(scale={best}), whose" in chosen.history.stopped
    assert losses == of_scale[best]
    assert of_scale[0.1] != of_scale[0.4]


def test_budgets_of_steps():
    assert budget_shares(2, TIES()) == budget_shares(2, WeightAveraging())
    shares = budget_shares(2000, AdaMerging())
    assert (shares.joint, shares.tuned, shares.learned) == (1000, 500, 500)
    shares = budget_shares(9, DARE(method=AdaMerging(steps=500)))
    assert (shares.joint, shares.tuned, shares.learned) == (4, 3, 2)
    for steps, merging in ((1, TIES()), (2, AdaMerging())):
        with pytest.raises(ParameterError, match=f"Got {steps}; raise the budget"):
            budget_shares(steps, merging)


def test_without_a_budget_the_trainers_own_steps_or_epochs_count():
    network = MergedNetwork(SMALL, replace(TRAINER, steps=8))
    assert network.fit(TRAIN, VALIDATION).history.n_steps == 8
    network = MergedNetwork(SMALL, replace(TRAINER, epochs=2))
    joint = MultiTaskNetwork(SMALL, replace(TRAINER, epochs=2))
    expected = joint.fit(TRAIN, VALIDATION).history.n_steps
    assert network.fit(TRAIN, VALIDATION).history.n_steps == expected


def test_without_validation_rows_the_method_decides_alone():
    model = MergedNetwork(SMALL, replace(TRAINER, steps=6), merging=TIES()).fit(TRAIN, None)
    assert model.history.best_epoch == 0
    assert model.history.stopped.endswith("merged by TIES(density=0.2, scale=None)")


def test_without_a_primary_task_in_the_validation_rows_the_method_decides_alone():
    table = {"x": [0.0, 1.0, 2.0, 3.0] * 4, "a": [1.0, 2.0] * 8, "b": [None, 1.0, 3.0, 2.0] * 4}
    data = polytask.read(
        table, [Task("a", "regression", role="auxiliary"), Task("b", "regression")]
    )
    unlabelled = data.take({"table": np.arange(0, 16, 4)})
    model = MergedNetwork(SMALL, replace(TRAINER, steps=6), merging=TIES()).fit(data, unlabelled)
    assert set(model.history.epochs[-1].validation_losses) == {"a"}
    assert model.history.stopped.endswith("merged by TIES(density=0.2, scale=None)")


def test_coefficients_learn_from_rows_that_no_stage_trains_on_and_that_choose_nothing(monkeypatch):
    rows = []
    start = TrainingRun.__init__

    def spying(self, trainer, fabric, network, tasks, train, validation, *rest, **own):
        rows.append((train["table"].inputs, validation["table"].inputs))
        start(self, trainer, fabric, network, tasks, train, validation, *rest, **own)

    held = []
    from polytask.training import _row_losses

    hold_out = _row_losses.hold_out

    def holding(sources, share, seed):
        kept, held_out = hold_out(sources, share, seed)
        held.append(held_out["table"].inputs)
        return kept, held_out

    monkeypatch.setattr(TrainingRun, "__init__", spying)
    monkeypatch.setattr(_row_losses, "hold_out", holding)
    model = fitted(AdaMerging(learning_rate=0.05, held_out=0.25))
    assert model.history.n_steps == 20
    ((train, validation), *of_tasks), (learned,) = rows, held

    def keys(inputs):
        return {tuple(row) for row in inputs["numeric"].tolist()}

    assert len(of_tasks) == len(TRAIN.tasks)
    assert keys(train) == set.union(*(keys(again) for again, _ in of_tasks))
    assert not keys(learned) & (keys(train) | keys(validation))
    assert len(keys(learned)) == round(0.25 * TRAIN.sources[0].n_rows)
    assert "and 5 steps on rows held out" in model.history.stopped


def test_learned_coefficients_lower_the_loss_of_the_rows_they_learn_from():
    loss_of = {}
    for steps in (1, 20):
        method = AdaMerging(learning_rate=0.1, initial=0.0, steps=steps)
        model = fitted(method, steps=80)
        loss_of[steps] = sum(model.history.epochs[-1].validation_losses.values())
    assert loss_of[20] < loss_of[1]


def test_merging_keeps_what_fine_tuning_learned_for_every_task():
    """Tasks that need different inputs: the merged network is better than the start for both."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(400, 4, generator=generator).double().numpy()
    table = {f"x{i}": inputs[:, i] for i in range(4)}
    table |= {"a": inputs[:, 0] * 2, "b": inputs[:, 1] - inputs[:, 2]}
    data = polytask.read(table, [Task("a", "regression"), Task("b", "regression")])
    trainer = Trainer(steps=120, batch_size=64, learning_rate=3e-3, patience=None)
    for merging in (TaskArithmetic(), TIES()):
        model = MergedNetwork(HardSharing(MLP((32,))), trainer, merging=merging).fit(data, data, 0)
        *_, last = model.history.epochs
        start = next(epoch for epoch in model.history.epochs if epoch.step == 60)
        assert all(last.validation_losses[t] < 0.8 * start.validation_losses[t] for t in "ab")


def test_fine_tuning_has_no_balancing_and_the_joint_stage_has():
    trainer = replace(TRAINER, aggregation="pc_grad", observers=("gradient_conflict",))
    model = fitted(WeightAveraging(), trainer=trainer)
    observed = [set(epoch.observed) for epoch in model.history.epochs]
    assert observed == [{"gradient_conflict"}] * 2 + [set()] * 3
    assert MergedNetwork(SMALL, trainer).name == "weight_averaging+pc_grad"


class Tied(nn.Module):
    def __init__(self, n_inputs):
        super().__init__()
        self.first, self.second = nn.Linear(n_inputs, n_inputs), nn.Linear(n_inputs, n_inputs)
        self.second.weight = self.first.weight

    def forward(self, rows):
        return self.second(self.first(rows).relu())


def test_tied_tensors_are_merged_under_all_their_names():
    data = tiny_dataset(["regression", "binary"])
    schemas = fit_schemas(data)
    network = HardSharing(lambda shape: Tied(*shape)).build(schemas, data.tasks, 0)
    start = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    states = TaskCopiesNetwork(network, schemas, data.tasks).states()
    tuned = {
        task: {name: tensor + shift for name, tensor in states[task].items() if name in start}
        for task, shift in zip(data.tasks.names, (1.0, 2.0), strict=True)
    }
    first, second = "trunk.0.first.weight", "trunk.0.second.weight"
    network.load_state_dict(merged_state(WeightAveraging(), network, start, tuned, seed=0))
    torch.testing.assert_close(network.state_dict()[first], start[first] + 1.5)
    assert torch.equal(network.state_dict()[second], network.state_dict()[first])

    def loss(state, step):
        rows = torch.ones(3, start[first].shape[1])
        parts = {n.removeprefix("trunk.0."): t for n, t in state.items() if n.startswith("trunk")}
        return functional_call(network.trunk[0], parts, (rows,)).square().mean()

    method = AdaMerging(steps=2, learning_rate=0.1)
    state = merged_state(method, network, start, tuned, seed=0, loss=loss)
    assert not torch.equal(state[first], start[first])
    assert torch.equal(state[first], state[second])


def test_one_task_is_its_own_copy():
    data = tiny_dataset(["regression"])
    trainer = replace(TRAINER, steps=6)
    model = MergedNetwork(SMALL, trainer, merging=TIES()).fit(data, data, 0)
    joint = replace(trainer, steps=3).fit(SMALL, data, data, seed=0)
    copies = TaskCopiesNetwork(joint.network, joint.schemas, data.tasks)
    tuned = replace(trainer, steps=3).fit(
        TaskCopies(SMALL), data, data, seed=0, start=copies.state_dict()
    )
    (state,) = tuned.network.states().values()
    for name, tensor in model.model.network.state_dict().items():
        assert torch.equal(tensor, state[name])


def test_observers_that_compare_tasks_are_left_out_for_one_task():
    data = tiny_dataset(["regression"])
    learner = MergedNetwork(SMALL, replace(TRAINER, steps=6, observers=("gradient_conflict",)))
    assert "gradient_conflict is left out" in " ".join(learner.notes(data))
    assert not any(epoch.observed for epoch in learner.fit(data, data, 0).history.epochs)


def frozen_layer(shape):
    return nn.Linear(*shape, 4).requires_grad_(False)


def test_a_trunk_that_is_not_trained_is_not_shared():
    table = {"x": [0.0, 1.0, 2.0, 3.0] * 4, "a": [1.0, 2.0] * 8, "b": [3.0, 1.0] * 8}
    data = polytask.read(table, [Task("a", "regression"), Task("b", "regression")])
    frozen = HardSharing(frozen_layer)
    assert not frozen.build(fit_schemas(data), data.tasks, 0).shared_parameters()
    assert "hard_sharing+custom_encoder has none" in MergedNetwork(frozen).refuses(data)
    trainer = replace(TRAINER, steps=6, observers=("gradient_conflict",))
    assert MultiTaskNetwork(frozen, trainer).fit(data, data, 0).history.n_steps == 6


def test_batch_statistics_are_averaged_whatever_the_method():
    architecture = HardSharing(MLP((8,), normalization="batch"))
    model = fitted(TaskArithmetic(scale=5.0), architecture)
    _, tuned = stages(architecture)
    state = model.model.network.state_dict()
    names = [name for name in state if name.endswith("running_var")]
    assert names
    for name in names:
        mean = torch.stack([own[name] for own in tuned.values()]).mean(dim=0)
        assert torch.allclose(state[name], mean)
        assert bool((state[name] >= 0).all())


def test_tensors_of_some_tasks_are_merged_from_their_copies_alone():
    data = tiny_dataset(["regression", "binary"], own_tables=True)
    schemas = fit_schemas(data)
    network = SMALL.build(schemas, data.tasks, 0)
    start = {name: torch.zeros_like(t) for name, t in network.state_dict().items()}
    first, second = data.tasks.names
    tuned = {
        task: {name: torch.full_like(t, value) for name, t in start.items()}
        for task, value in ((first, 2.0), (second, 4.0))
    }
    merged = merged_state(WeightAveraging(), network, start, tuned, seed=0)
    means = {name: float(t.double().mean()) for name, t in merged.items()}
    assert {means[name] for name in means if name.startswith("trunk")} == {3.0}
    assert {means[name] for name in means if name.startswith("inputs.0")} == {2.0}
    assert {means[name] for name in means if name.startswith("inputs.1")} == {4.0}
    assert sorted({means[name] for name in means if name.startswith("heads")}) == [2.0, 4.0]


def test_other_architectures_are_merged():
    model = fitted(TIES(), MMoE(MLP((8,)), n_experts=2))
    assert model.model.architecture == MMoE(MLP((8,)), n_experts=2)
    assert len(model.predict(VALIDATION)) == 3
    assert MergedNetwork(MMoE(), merging="ties").name == "ties(mmoe)"


def test_what_shares_nothing_cannot_be_merged():
    for architecture in (SingleTask(), Separate(), COSMOS()):
        with pytest.raises(
            ParameterError, match="`architecture` parameter of MergedNetwork must be"
        ):
            MergedNetwork(architecture)
    alone = SoftSharing(MLP((4,)), penalty=MeanDeviation(alpha=0.1))
    numbers = tiny_dataset(["regression"] * 2)
    assert "soft_sharing has none" in MergedNetwork(alone).refuses(numbers)
    assert MergedNetwork(alone).refuses(tiny_dataset(["regression"])) is None
    assert MergedNetwork(SMALL).refuses(numbers) is None
    with pytest.raises(
        ParameterError, match="parameters that several tasks share, and soft_sharing"
    ):
        MergedNetwork(alone, replace(TRAINER, steps=2)).fit(numbers, numbers)


def test_names_of_methods_are_models():
    for name, method in (
        ("ties", TIES()),
        ("TaskArithmetic", TaskArithmetic()),
        ("weight-averaging", WeightAveraging()),
        ("dare", DARE()),
        ("ada_merging", AdaMerging()),
    ):
        learner = resolve_learner(name)
        assert learner == MergedNetwork(merging=method)
        assert resolve_learner(learner.name) == learner
    with pytest.raises(UnknownNameError, match="no model named 'merging'"):
        resolve_learner("merging")
    assert resolve_learner("polytask.merging:TIES") == MergedNetwork(merging=TIES())
    assert as_learners([TIES(0.5)], "compare", TRAIN.tasks) == [MergedNetwork(merging=TIES(0.5))]
    with pytest.raises(UnknownNameError, match="no merging named 'tise'"):
        MergedNetwork(merging="tise")


def test_settings_of_the_method_have_paths_and_ranges():
    learner = resolve_learner("ties").configured({"scale": 0.3, "density": 0.5})
    assert learner.merging == TIES(0.5, 0.3)
    dare = resolve_learner("dare").configured({"drop_rate": 0.1, "scale": 0.2})
    assert dare.merging == DARE(0.1, TaskArithmetic(0.2))
    space = resolve_learner("ties").search_space()
    assert {"merging.density", "merging.scale"} <= set(space)


def test_comparisons_say_how_the_budget_is_spent():
    learner = resolve_learner("ties")
    assert learner.notes(TRAIN) == ()  # which `fit` would pass on as a warning
    assert learner.budget_note == (
        "ties trains jointly with half of its optimiser steps. With the others it fine-tunes a copy "
        "per task, all in one step, as steps of single_task are counted."
    )


def test_baselines_are_trained_alone_with_the_whole_budget():
    learner = MergedNetwork(SMALL, replace(TRAINER, aggregation="mgda"), merging="ties")
    assert learner.joint
    assert learner.single_task() == MultiTaskNetwork(SingleTask(MLP((8,))), TRAINER)
    assert learner.twin() == MultiTaskNetwork(Separate(SMALL), TRAINER)


def test_several_processes_are_refused():
    class Two:
        size = 2

    with pytest.raises(ParameterError, match="trained by one process"):
        fitted(TIES(), processes=Two())
