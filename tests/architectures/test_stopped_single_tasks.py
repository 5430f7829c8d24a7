"""Networks of single tasks pass no rows through the towers of tasks that have stopped."""

import pytest
import torch
from training_tables import mixed_table, own_rows_table

from polytask.architectures import SingleTask
from polytask.data import fit_schemas
from polytask.encoders import MLP
from polytask.testing._batches import batch_of, encoded_for

ENCODERS = [MLP((6, 5)), MLP((6, 5), normalization="batch")]


def built(data, encoder):
    """A network in training, and a batch of all rows."""
    schemas = fit_schemas(data)
    network = SingleTask(encoder).build(schemas, data.tasks, seed=0).train()
    return network, batch_of(network, encoded_for(network, data, schemas))


def slopes(network, raw):
    """Gradients of the summed scores, per parameter of the towers and slice."""
    network.zero_grad()
    sum(scores.sum() for scores in raw.values()).backward()
    return [
        None if owned.tensor.grad is None else owned.tensor.grad.clone()
        for owned in network.towers[0].owners()
        if owned.tensor.requires_grad
    ]


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("table", [mixed_table, own_rows_table])
def test_the_others_score_and_learn_as_before(encoder, table):
    data = table()
    network, batch = built(data, encoder)
    before = network(batch)
    whole = slopes(network, before)
    network.stopped = frozenset(data.tasks.names[1:2])
    after = network(batch)
    for (source, block), scores in before.items():
        carried = next(b for b in network.blocks if b.name == block).tasks_in(source)
        running = [k for k, name in enumerate(carried) if name not in network.stopped]
        torch.testing.assert_close(after[source, block][:, running], scores[:, running])
    part = slopes(network, after)
    owners = [owned for owned in network.towers[0].owners() if owned.tensor.requires_grad]
    for owned, old, new in zip(owners, whole, part, strict=True):
        stopped = owned.parts_of(network.stopped)
        if stopped is not None and owned.axis is None:
            assert new is None or not new.any()
        elif stopped is not None:
            assert not new[stopped].any()
            running = owned.parts_of(set(data.tasks.names) - network.stopped)
            torch.testing.assert_close(new[running], old[running])


@pytest.mark.parametrize("encoder", ENCODERS)
def test_stopped_tasks_are_scored_in_evaluation(encoder):
    network, batch = built(mixed_table(), encoder)
    before = network.eval()(batch)
    network.stopped = frozenset(network.tasks.names)
    for key, scores in network(batch).items():
        torch.testing.assert_close(scores, before[key])


@pytest.mark.parametrize("encoder", ENCODERS)
def test_scores_are_there_where_every_task_has_stopped(encoder):
    network, batch = built(own_rows_table(), encoder)
    network.stopped = frozenset(network.tasks.names)
    assert all(torch.isfinite(scores).all() for scores in network(batch).values())


def test_only_the_running_towers_see_rows(monkeypatch):
    network, batch = built(mixed_table(), MLP((6,)))
    network.stopped = frozenset({"score"})
    towers, seen = network.towers[0], []
    batched = towers._batched

    def watched(own, *rest):
        seen.extend(len(tensor) for tensor in own.values())
        return batched(own, *rest)

    monkeypatch.setattr(towers, "_batched", watched)
    network(batch)
    assert set(seen) == {2}
