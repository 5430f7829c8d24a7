"""One head for all tasks, with the task as an input."""

import numpy as np
import pytest
import torch

from polytask.architectures import Pooled, SingleTask
from polytask.data import MultiTaskDataset, encode, fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import ParameterError
from polytask.tasks import Task
from polytask.testing import check_architecture, tiny_dataset
from polytask.training import Trainer, to_tensors

KINDS = ["regression", "binary", "regression"]
WAYS = ["embedding", "one_hot", "film"]


def built(recipe, data):
    schemas = fit_schemas(data)
    network = recipe.build(schemas, data.tasks, seed=0).eval()
    return network, to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))


def by_hand(network, values, task):
    """Features of rows of one task, by the formula."""
    if "0" in network.conditions and hasattr(network.conditions["0"], "embedding"):
        own = network.conditions["0"].vectors(values)[task].expand(len(values), -1)
        values = torch.cat([values, own], dim=1)
    for position, stage in enumerate(network.trunk, 1):
        values = stage(values)
        if str(position) in network.conditions:
            film = network.conditions[str(position)]
            values = film.scale[task] * values + film.shift[task]
    return values


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", ["table", "own rows", "own tables"])
def test_every_row_is_scored_for_its_tasks_by_one_network(way, form):
    kinds = ["regression"] * 3 if form == "own rows" else KINDS
    data = tiny_dataset(kinds, own_rows=form == "own rows", own_tables=form == "own tables")
    network, batch = built(Pooled(MLP((5, 4)), task_input=way, task_dim=3), data)
    with torch.no_grad():
        for condition in network.conditions.values():
            for parameter in condition.parameters():
                parameter.normal_(generator=torch.Generator().manual_seed(0))
    entered, raw = network.inputs(batch), network(batch)
    for block, head in zip(network.blocks, network.heads, strict=True):
        for source in block.sources:
            rows, values = batch[source], entered[source].values
            for column, name in enumerate(block.tasks_in(source)):
                task = data.tasks.index(name)
                expected = head(by_hand(network, values, task))
                scores = raw[source, block.name]
                if rows.task is None:
                    torch.testing.assert_close(scores[:, column], expected)
                else:
                    mine = rows.task == task
                    torch.testing.assert_close(scores[mine], expected[mine])


@pytest.mark.parametrize("way", WAYS)
def test_tasks_own_their_inputs_and_share_everything_else(way):
    data = tiny_dataset(KINDS)
    network, _ = built(Pooled(MLP((4,)), task_input=way), data)
    own = {id(t) for c in network.conditions.values() for t in [*c.parameters(), *c.buffers()]}
    assert bool(own) == (way != "one_hot")  # zeros and a one are no tensors of the network
    heads = {id(p): b.tasks for b, h in zip(network.blocks, network.heads, strict=True) for p in h.parameters()}  # fmt: skip
    for owned in network.owners():
        if id(owned.tensor) in own:
            assert (owned.tasks, owned.axis) == (data.tasks.names, 0)
        else:
            assert owned.tasks == heads.get(id(owned.tensor), data.tasks.names)


def test_there_is_one_head_for_many_tasks():
    data = tiny_dataset(["regression"] * 5)
    network, _ = built(Pooled(MLP((4,)), task_input="one_hot"), data)
    assert sum(p.numel() for p in network.heads.parameters()) == 4 + 1


@pytest.mark.parametrize("way", WAYS)
def test_rows_of_one_task_pass_once(way):
    data = tiny_dataset(["regression"] * 4, own_rows=True)
    network, batch = built(Pooled(MLP((4, 3)), task_input=way), data)
    passed = []
    for stage in network.trunk:
        stage.register_forward_hook(lambda module, rows, features: passed.append(len(features)))
    network(batch)
    (rows,) = batch.values()
    assert passed == [rows.n_rows] * len(passed)


@pytest.mark.parametrize("way", WAYS)
def test_it_passes_the_checks_also_without_stages(way):
    check_architecture(Pooled(MLP((), embedding_dim=2), task_input=way))


def test_film_separates_tasks_of_opposite_slopes_where_one_hot_cannot():
    x = np.random.default_rng(0).normal(size=(80, 1))
    tasks = [Task("up", "regression"), Task("down", "regression")]
    data = MultiTaskDataset.from_arrays(x, np.hstack([x, -x]), tasks)
    trainer = Trainer(steps=120, batch_size=80, learning_rate=0.05, weight_decay=0.0)
    losses = {}
    for way in ("one_hot", "film"):
        trained = trainer.fit(Pooled(MLP(()), task_input=way), data, data)
        losses[way] = min(e.validation_losses["down"] for e in trained.history.epochs)
    assert losses["film"] < 0.02
    assert losses["one_hot"] > 0.3


def test_what_learns_each_task_alone():
    assert Pooled(MLP((4,)), task_input="film").single_task() == SingleTask(MLP((4,)))


def test_another_input():
    sentence = r"`task_input` parameter of Pooled must be one of 'embedding', 'one_hot', 'film'"
    with pytest.raises(ParameterError, match=sentence):
        Pooled(task_input="hot")
