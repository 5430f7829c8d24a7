"""One network per task, stacked: each learns exactly what it would learn alone."""

import pytest
import torch
from torch import nn
from training_tables import mixed_table, own_rows_table, regression_table

from polytask.architectures import HardSharing, SingleTask
from polytask.data import MultiTaskDataset, fit_schemas
from polytask.encoders import MLP, ResidualMLP
from polytask.predictor import NetworkModel
from polytask.tasks import Task, TaskSet
from polytask.training import Trainer


def only(data: MultiTaskDataset, name: str) -> MultiTaskDataset:
    (source,) = data.sources
    frame = source.inputs.hstack(source.labels.frame)
    return MultiTaskDataset.from_table(frame, [data.tasks[name]], features=source.inputs.columns)


@pytest.mark.parametrize(
    "encoder",
    [
        MLP((16,)),
        ResidualMLP(width=8, dropout=0.0),
        ResidualMLP(width=8, dropout=0.0, normalization="batch"),
    ],
)
@pytest.mark.parametrize(
    "scheduler", [pytest.param(None, marks=pytest.mark.slow), "cosine_with_warmup"]
)
def test_a_task_learns_the_same_alone_or_beside_others(encoder, scheduler):
    train, validation = mixed_table(seed=0), mixed_table(seed=1)
    trainer = Trainer(
        steps=60,
        batch_size=32,
        evaluate_every=12,
        patience=2,
        clip_norm=1.0,
        weight_decay=1e-3,
        scheduler=scheduler,
    )
    together = trainer.fit(SingleTask(encoder), train, validation, seed=5)
    for name in train.tasks.names:
        alone = trainer.fit(SingleTask(encoder), only(train, name), only(validation, name), seed=5)
        assert alone.history.best_epochs[name] == together.history.best_epochs[name]
        best = alone.history.best_epochs[name] - 1
        ours = together.history.epochs[best].validation_losses[name]
        assert ours == pytest.approx(alone.history.epochs[best].validation_losses[name], rel=1e-4)
        position = train.tasks.index(name)
        if not together.network.towers[0].stacked:
            continue
        for flat in together.network.towers[0]._names:
            stacked = getattr(together.network.towers[0], flat)[position]
            single = getattr(alone.network.towers[0], flat)[0]
            torch.testing.assert_close(stacked, single, rtol=1e-3, atol=1e-4)


def test_modules_that_cannot_be_batched_run_one_after_another():
    data = mixed_table()
    trainer = Trainer(steps=30, evaluate_every=10)
    trained = trainer.fit(SingleTask(ResidualMLP(width=8, normalization="batch")), data, data)
    assert not trained.network.towers[0].stacked
    first, last = trained.history.epochs[0], trained.history.epochs[-1]
    assert sum(last.validation_losses.values()) < sum(first.validation_losses.values())


def test_any_module_comes_by_factory():
    data = regression_table()
    network = SingleTask(lambda in_shape: nn.Sequential(nn.Linear(*in_shape, 5), nn.Tanh()))
    trained = Trainer(steps=20).fit(network, data, data)
    assert trained.network.towers[0].stacked
    assert trained.history.n_parameters == 3 * (4 * 5 + 5 + 5 + 1)


def test_parameters_have_the_size_of_separate_networks():
    data = regression_table(n_tasks=3)
    schemas = fit_schemas(data)

    def size(architecture, tasks):
        network = architecture.build(schemas, tasks, seed=0)
        return sum(parameter.numel() for parameter in network.parameters())

    one = TaskSet([data.tasks[0]])
    single = regression_table(n_tasks=1)
    alone = SingleTask(MLP((7,))).build(fit_schemas(single), single.tasks, seed=0)
    assert size(SingleTask(MLP((7,))), data.tasks) == 3 * sum(p.numel() for p in alone.parameters())
    assert len(one) == 1


def test_own_rows_of_every_size_are_learned():
    data = own_rows_table()
    trained = Trainer(steps=300, learning_rate=1e-2).fit(SingleTask(MLP((16,))), data, data)
    losses = [
        min(e.validation_losses[name] for e in trained.history.epochs) for name in data.tasks.names
    ]
    assert max(losses) < 0.1


def test_nothing_is_shared():
    data = regression_table()
    network = SingleTask().build(fit_schemas(data), data.tasks, seed=0)
    assert network.shared_parameters() == []
    assert HardSharing().build(fit_schemas(data), data.tasks, seed=0).shared_parameters()


def own_rows(*losses: str | None) -> MultiTaskDataset:
    draw = torch.Generator().manual_seed(0)
    inputs, targets = torch.randn(60, 3, generator=draw), torch.randn(60, generator=draw)
    tasks = [Task(name, "regression", loss=loss) for name, loss in zip("abc", losses, strict=True)]
    return MultiTaskDataset.from_arrays(
        inputs.numpy(), targets.numpy(), tasks, task_index=[0, 1, 2] * 20
    )


@pytest.mark.parametrize("architecture", [SingleTask(MLP((4,))), HardSharing(MLP((4,)))])
def test_own_rows_whose_tasks_form_two_blocks(architecture):
    data = own_rows(None, "huber", None)
    trained = Trainer(steps=5).fit(architecture, data, data)
    assert len(trained.network.blocks) == 2
    assert all(loss > 0 for loss in trained.history.epochs[-1].train_losses.values())


def test_own_rows_in_two_blocks_are_scored_by_their_own_networks():
    answers = []
    for data in (own_rows(None, None, None), own_rows(None, "huber", None)):
        schemas = fit_schemas(data)
        network = SingleTask(MLP((4,))).build(schemas, data.tasks, seed=0)
        model = NetworkModel(SingleTask(MLP((4,))), network, data.tasks, schemas)
        answers.append(model.scores(data.sources)["table"])
    one_block, two_blocks = answers
    for name in "abc":
        torch.testing.assert_close(torch.tensor(one_block[name]), torch.tensor(two_blocks[name]))
