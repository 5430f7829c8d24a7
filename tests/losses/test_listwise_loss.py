"""Losses that compare the rows of a task: sources, members, tasks by row, weights, and the check."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch.nn.functional import softplus
from training_tables import own_rows_table

from polytask import Task
from polytask.architectures import HardSharing, SingleTask
from polytask.data import BlockTargets, MultiTaskDataset, SourceBatch, encode, fit_schemas
from polytask.encoders import MLP
from polytask.losses import ListwiseLoss, MultiTaskLoss
from polytask.tasks import Regression
from polytask.testing import check_loss
from polytask.training import to_tensors


@dataclass(frozen=True)
class Ranking(ListwiseLoss):
    """A logistic loss of each pair of rows in the wrong order."""

    kinds = (Regression,)

    def listwise(self, scores, values, mask, weight, constants):
        scores, values = (scores * mask).sum(dim=-1), (values * mask).sum(dim=-1)
        pairs = softplus(scores - scores[:, None]) * (values[:, None] > values) * weight
        return pairs.sum(dim=1) / weight.sum(dim=0).clamp(min=1e-30)


RANKING = Ranking()


def alone(scores, values, weight=None):
    """The loss of one task by a loop over its rows."""
    weight = np.ones(len(scores)) if weight is None else np.asarray(weight, dtype=float)
    total = sum(
        weight[i] * weight[j] * np.logaddexp(0, scores[j] - scores[i])
        for i in range(len(scores))
        for j in range(len(scores))
        if values[i] > values[j]
    )
    return total / max(weight.sum(), 1e-30)


def parts(data, architecture=HardSharing):
    schemas = fit_schemas(data)
    network = architecture(MLP((4,))).build(schemas, data.tasks, seed=0)
    rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    return network, rows, MultiTaskLoss(network.blocks, data.tasks)


def ranked(data):
    return data.with_tasks({t.name: replace(t, loss=RANKING) for t in data.tasks})


def test_a_loss_of_a_users_own_passes_the_check():
    check_loss(RANKING)


class Unweighted(Ranking):
    def listwise(self, scores, values, mask, weight, constants):
        return super().listwise(scores, values, mask, (weight > 0).to(weight.dtype), constants)


class CountsAll(Ranking):
    def listwise(self, scores, values, mask, weight, constants):
        return super().listwise(scores, values, mask, torch.ones_like(weight), constants)


class AcrossTasks(Ranking):
    def listwise(self, scores, values, mask, weight, constants):
        losses = super().listwise(scores, values, mask, weight, constants)
        return losses / losses.shape[1]


class Neighbours(Ranking):
    def listwise(self, scores, values, mask, weight, constants):
        return softplus(scores.sum(-1).roll(1, 0) - scores.sum(-1) + values.sum(-1)) * weight


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (Unweighted(), "a weight of n is not n equal rows"),
        (CountsAll(), "side by side do not get the losses of each"),
        (AcrossTasks(), "side by side do not get the losses of each"),
        (Neighbours(), "the order of rows changes their losses"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_broken_ones_are_found(loss, words):
    with pytest.raises(AssertionError, match=words):
        check_loss(loss)


def two_tasks(missing=()):
    draw = np.random.default_rng(0)
    table = {"x": draw.normal(size=9), "a": draw.normal(size=9), "b": draw.normal(size=9)}
    table["a"][list(missing)] = np.nan
    tasks = [Task(name, "regression", loss=RANKING) for name in ("a", "b")]
    return MultiTaskDataset.from_table(table, tasks)


def cells(raw, batch, source, column):
    """Scores and labels of a task's labelled rows."""
    ((key, scores),) = [(key, each) for key, each in raw.items() if key[0] == source]
    labels = batch[source].targets[key[1]]
    seen = labels.mask[:, column, 0]
    return scores[seen, column, 0].detach().numpy(), labels.values[seen, column, 0].numpy()


def test_tasks_of_one_source():
    network, rows, loss = parts(two_tasks(missing=(2, 5)))
    raw = network(rows)
    sums, counts = loss.sums(raw, rows)
    wanted = [alone(*cells(raw, rows, "table", column)) for column in (0, 1)]
    np.testing.assert_allclose(sums.detach(), wanted, rtol=1e-5)
    assert counts.tolist() == [7, 9]


def test_scores_of_unlabelled_rows_reach_nothing():
    network, rows, loss = parts(two_tasks(missing=(2, 5)))
    ((key, scores),) = network(rows).items()
    changed = scores.detach().clone()
    changed[[2, 5], 0] = torch.inf
    changed.requires_grad_()
    losses, _ = loss({key: changed}, rows)
    (gradient,) = torch.autograd.grad(losses.sum(), changed)
    torch.testing.assert_close(losses, loss({key: scores.detach()}, rows)[0])
    assert torch.isfinite(gradient).all()


def test_rows_of_tasks_of_their_own_are_compared_within_their_task():
    network, rows, loss = parts(ranked(own_rows_table()))
    ((key, scores),) = network(rows).items()
    labels, task = rows[key[0]].targets[key[1]], rows[key[0]].task
    sums, _ = loss.sums({key: scores}, rows)
    for k in range(len(loss.expected)):
        own = (task == k) & labels.mask[:, 0]
        wanted = alone(scores[own, 0].detach().numpy(), labels.values[own, 0].numpy())
        assert float(sums[k].detach()) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("n_rows", [(8, 8), (8, 5)])
@pytest.mark.parametrize("factor", [1.0, 2.5])
def test_rows_of_a_task_are_compared_over_its_sources(n_rows, factor):
    """A factor of a source counts as a weight of its rows."""
    draw = np.random.default_rng(1)
    frames = {
        f"s{k}": {f"x{k}": draw.normal(size=n), "y": draw.normal(size=n)}
        for k, n in enumerate(n_rows)
    }
    data = MultiTaskDataset.from_sources(frames, [Task("y", "regression", loss=RANKING)])
    network, rows, loss = parts(data)
    raw = network(rows)
    sums, counts = loss.sums(raw, rows, {"s1": factor})
    scores, values = (
        np.concatenate(each) for each in zip(*(cells(raw, rows, s, 0) for s in frames), strict=True)
    )
    weight = np.repeat([1.0, factor], n_rows)
    assert float(sums.detach()) == pytest.approx(alone(scores, values, weight), rel=1e-5)
    assert counts.tolist() == [sum(n_rows)]


def test_batches_of_equally_and_unequally_many_rows_of_sources_keep_their_tasks():
    """Sources may carry the tasks in another order than the task set."""
    draw = np.random.default_rng(2)
    frames = {f"of_{y}": {f"x_{y}": draw.normal(size=8), y: draw.normal(size=8)} for y in "ba"}
    tasks = [Task(name, "regression", loss=RANKING) for name in ("a", "b")]
    network, rows, loss = parts(MultiTaskDataset.from_sources(frames, tasks))
    for n_rows in (8, 5):
        batch = {**rows, "of_a": rows["of_a"].take(torch.arange(n_rows))}
        raw = network(batch)
        sums, counts = loss.sums(raw, batch)
        wanted = [alone(*cells(raw, batch, f"of_{name}", 0)) for name in ("a", "b")]
        np.testing.assert_allclose(sums.detach(), wanted, rtol=1e-5)
        assert counts.tolist() == [n_rows, 8]


@pytest.mark.parametrize("by_row", [False, True])
def test_members_of_an_ensemble_are_compared_apart(by_row):
    network, rows, loss = parts(ranked(own_rows_table()) if by_row else two_tasks(missing=(1,)))
    ((source, own),) = rows.items()
    ((key, scores),) = network(rows).items()
    members = torch.stack([scores.detach(), 2 * scores.detach(), -scores.detach()], dim=1)
    together = loss.sums({key: members.flatten(0, 1)}, {source: own.repeated(3)})
    apart = [loss.sums({key: members[:, m]}, rows) for m in range(3)]
    for position, found in enumerate(together):
        torch.testing.assert_close(found, sum(each[position] for each in apart))


def test_row_weights_are_repeated_rows_and_0_is_an_absent_row():
    network, rows, loss = parts(two_tasks(missing=(3,)))
    ((source, own),) = rows.items()
    ((key, scores),) = network(rows).items()
    labels = own.targets[key[1]]
    times = torch.tensor([1, 2, 0, 3, 1, 0, 1, 2, 1])
    weight = times[:, None].expand(-1, 2).float()
    heavy = SourceBatch(
        own.inputs, targets={key[1]: BlockTargets(labels.values, labels.mask, weight)}
    )
    repeated = torch.arange(9).repeat_interleave(times)
    torch.testing.assert_close(
        loss.sums({key: scores}, {source: heavy}),
        loss.sums({key: scores[repeated]}, {source: own.take(repeated)}),
    )


def test_networks_of_single_tasks_compare_the_rows_that_each_has_labels_of():
    data = two_tasks(missing=(2, 5))
    network, rows, loss = parts(data, SingleTask)
    raw, batch = network(rows), rows
    sums, counts = loss.sums(raw, batch)
    wanted = [alone(*cells(raw, batch, "table", column)) for column in (0, 1)]
    np.testing.assert_allclose(sums.detach(), wanted, rtol=1e-5)
    assert counts.tolist() == [7, 9]


@pytest.mark.parametrize("by_row", [False, True])
def test_a_process_may_have_no_row_of_a_batch(by_row):
    network, rows, loss = parts(ranked(own_rows_table()) if by_row else two_tasks())
    ((source, own),) = rows.items()
    ((key, scores),) = network(rows).items()
    losses, present = loss({key: scores[:0]}, {source: own.take(torch.arange(0))})
    assert not losses.any()
    assert not present.any()
