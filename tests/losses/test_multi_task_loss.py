"""Losses of all tasks: masks, counts, weights, and the unbiased epoch."""

import numpy as np
import pytest
import torch
from training_tables import mixed_table, own_rows_table

from polytask.architectures import HardSharing, SingleTask
from polytask.data import BlockTargets, MultiTaskDataset, SourceBatch, encode, fit_schemas
from polytask.encoders import MLP
from polytask.losses import MultiTaskLoss
from polytask.tasks import Task
from polytask.training import to_tensors
from polytask.training._joint_batches import JointBatches


def parts(data: MultiTaskDataset):
    schemas = fit_schemas(data)
    network = HardSharing(MLP((8,))).build(schemas, data.tasks, seed=0)
    return network, to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))


def test_epoch_mean_of_batch_losses_is_the_mean_over_labelled_rows():
    data = mixed_table(missing=0.8)
    network, sources = parts(data)
    batches = JointBatches(sources, 37, seed=3)
    plain = MultiTaskLoss(network.blocks, data.tasks)
    expected = MultiTaskLoss(network.blocks, data.tasks, batches.expected(plain))
    with torch.no_grad():
        everything = sources
        sums, counts = plain.sums(network(everything), everything)
        steps = range(batches.steps_per_epoch)
        losses = [expected(network(batch), batch)[0] for batch in map(batches.batch, steps)]
    share = sum(batches.fraction(step) for step in steps)
    np.testing.assert_allclose(sum(losses) / share, sums / counts, rtol=1e-4)


def test_absent_tasks_hold_zero_and_are_said_to_be_absent():
    data = mixed_table()
    network, sources = parts(data)
    ((name, source),) = sources.items()
    missing = torch.nonzero(~source.targets["binary-1-0"].mask[:, 0, 0]).flatten()
    batch = {name: source.take(missing)}
    losses, present = MultiTaskLoss(network.blocks, data.tasks)(network(batch), batch)
    assert present.tolist() == [False, True, True]
    assert float(losses.detach()[0]) == 0.0
    losses.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())


def test_absent_labels_reach_no_gradient_even_with_infinite_scores():
    data = mixed_table()
    network, sources = parts(data)
    batch = sources
    loss = MultiTaskLoss(network.blocks, data.tasks)
    raw = {name: scores.detach().clone() for name, scores in network(batch).items()}
    raw["table", "binary-1-0"][~batch["table"].targets["binary-1-0"].mask[:, :, 0]] = torch.inf
    assert torch.isfinite(loss(raw, batch)[0]).all()


def test_own_rows_equal_the_same_labels_laid_out_densely():
    data = own_rows_table()
    network, sources = parts(data)
    batch = sources
    ((source, rows),) = batch.items()
    (block,) = network.blocks
    loss = MultiTaskLoss(network.blocks, data.tasks)
    raw, labels = network(batch)[source, block.name], rows.targets[block.name]
    n_rows, n_tasks = len(raw), len(block.tasks)
    own = torch.arange(n_rows), rows.task
    scores, values = torch.zeros(n_rows, n_tasks, 1), torch.zeros(n_rows, n_tasks, 1)
    mask = torch.zeros(n_rows, n_tasks, 1, dtype=torch.bool)
    scores[own], mask[own], values[own] = raw, labels.mask, labels.values
    dense = SourceBatch(rows.inputs, targets={block.name: BlockTargets(values, mask)})
    key = (source, block.name)
    torch.testing.assert_close(loss({key: raw}, batch)[0], loss({key: scores}, {source: dense})[0])


def test_row_weights_count_like_repeated_rows():
    draw = np.random.default_rng(1)
    inputs, targets = draw.normal(size=(20, 3)), draw.normal(size=(20, 2))
    weights = draw.integers(1, 4, 20)
    tasks = [Task("a", "regression"), Task("b", "regression")]
    weighted = MultiTaskDataset.from_arrays(
        inputs, targets, tasks, weights=weights.astype(np.float32)
    )
    repeated = MultiTaskDataset.from_arrays(
        inputs.repeat(weights, 0), targets.repeat(weights, 0), tasks
    )
    schemas = fit_schemas(weighted)
    network = HardSharing(MLP((8,))).build(schemas, weighted.tasks, seed=0)

    def sums(data):
        batch = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
        return MultiTaskLoss(network.blocks, data.tasks).sums(network(batch), batch)

    for ours, theirs in zip(sums(weighted), sums(repeated), strict=True):
        torch.testing.assert_close(ours * float(weights.mean()), theirs)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_losses_come_in_the_order_of_the_tasks(order):
    data = mixed_table()
    chosen = tuple(data.tasks[position] for position in order)
    frame = data.sources[0].inputs.hstack(data.sources[0].labels.frame)
    mixed = MultiTaskDataset.from_table(frame, chosen)
    network, sources = parts(mixed)
    batch = sources
    counts = MultiTaskLoss(network.blocks, mixed.tasks).counts(batch)
    expected = [len(mixed.sources[0].labels.rows(task.name)) for task in mixed.tasks]
    assert counts.tolist() == expected


def test_losses_do_not_depend_on_torchs_default_type():
    for data in (mixed_table(), own_rows_table()):
        network, sources = parts(data)
        batch = sources
        raw = {name: scores.detach() for name, scores in network(batch).items()}
        wanted = MultiTaskLoss(network.blocks, data.tasks).sums(raw, batch)
        try:
            torch.set_default_dtype(torch.float64)
            found = MultiTaskLoss(network.blocks, data.tasks).sums(raw, batch)
        finally:
            torch.set_default_dtype(torch.float32)
        torch.testing.assert_close(found, wanted, rtol=0, atol=0)


def per_task_tables(weights: bool = False) -> MultiTaskDataset:
    """Four tables of other columns and numbers of rows, two of them of one kind and loss."""
    draw = np.random.default_rng(2)
    tables, own = {}, {}
    for k, n_rows in enumerate((9, 14, 11, 7)):
        inputs = draw.normal(size=(n_rows, 2 + k))
        target = (inputs[:, 0] > 0).astype(float) if k == 3 else inputs[:, 0]
        tables[f"t{k}"] = (inputs, target)
        own[f"t{k}"] = draw.integers(1, 4, n_rows).astype(float)
    return MultiTaskDataset.from_per_task(tables, weights=own if weights else None)


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("scale", [{}, {"t1": 3.0, "t3": 0.5}])
@pytest.mark.parametrize("architecture", [HardSharing, SingleTask])
def test_sources_together_are_the_sum_of_each_alone(architecture, scale, weights):
    data = per_task_tables(weights)
    schemas = fit_schemas(data)
    network = architecture(MLP((5,))).build(schemas, data.tasks, seed=0)
    batch = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    loss = MultiTaskLoss(network.blocks, data.tasks)
    sums, counts = loss.sums(network(batch), batch, scale)
    parts = [loss.sums(network({name: rows}), {name: rows}, scale) for name, rows in batch.items()]
    torch.testing.assert_close(sums, sum(part[0] for part in parts))
    torch.testing.assert_close(counts, sum(part[1] for part in parts))


def two_kinds_in_three_sources() -> MultiTaskDataset:
    """Numbers in the first two tables, classes in the first and the last."""
    draw = np.random.default_rng(4)
    frames = {}
    for k, columns in enumerate((("number", "kind"), ("number",), ("kind",))):
        inputs = draw.normal(size=(8 + k, 2 + k))
        frame = {f"x{k}{i}": inputs[:, i] for i in range(2 + k)}
        answers = {"number": inputs[:, 0] + 10, "kind": (inputs[:, 1] > 0).astype(int)}
        frames[f"s{k}"] = {**frame, **{name: answers[name] for name in columns}}
    return MultiTaskDataset.from_sources(frames, ["number:regression", "kind:binary"])


def test_which_sources_a_batch_holds_does_not_matter_for_the_next():
    """Each of two blocks lies in one source alone in one of the batches, joined in the other."""
    data = two_kinds_in_three_sources()
    network, sources = parts(data)
    reused = MultiTaskLoss(network.blocks, data.tasks)
    for names in (("s0", "s1"), ("s0", "s2"), ("s0",), ("s0", "s1", "s2")):
        batch = {name: sources[name] for name in names}
        fresh = MultiTaskLoss(network.blocks, data.tasks)
        for ours, theirs in zip(
            reused.sums(network(batch), batch), fresh.sums(network(batch), batch), strict=True
        ):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=0)
