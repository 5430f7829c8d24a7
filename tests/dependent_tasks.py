"""Small data sets whose tasks feed others, and networks built for them."""

from dataclasses import replace

import torch

from polytask.data import encode, fit_schemas
from polytask.testing import tiny_dataset
from polytask.training import to_tensors


def fed(data, after):
    """The same data, where tasks come after others."""
    return data.with_tasks({t.name: replace(t, after=after.get(t.name, ())) for t in data.tasks})


def funnel(*kinds, after=None, **options):
    """A tiny data set of these kinds, each task after the one before it unless stated."""
    data = tiny_dataset(kinds, **options)
    names = data.tasks.names
    chain = dict(zip(names[1:], names[:-1], strict=True))
    return fed(data, chain if after is None else after)


def built(recipe, data, seed=0):
    """The network, and all rows as one batch."""
    schemas = fit_schemas(data)
    network = recipe.build(schemas, data.tasks, seed)
    rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    return network.eval(), rows


def scores_of(network, batch):
    """Raw scores of every task and source, (n, size)."""
    with torch.no_grad():
        raw = network(batch)
    return {
        (source, name): raw[source, block.name][:, position]
        for block in network.blocks
        for source in batch
        for position, name in enumerate(block.tasks_in(source))
    }
