"""Copied stages of fused towers as plain modules, for references that loop over tasks."""

import numpy as np
import torch
from torch import nn

from polytask.architectures import Copies
from polytask.data import MultiTaskDataset, encode, fit_schemas
from polytask.encoders import Encoder, State
from polytask.tasks import Task
from polytask.training import to_tensors


class SmallCNN(Encoder):
    """Maps of 3, then 4 channels, the second of half the size."""

    takes = frozenset({"image", "tensor"})

    def entry(self, parts):
        return _Image(parts[0].name)

    def stages(self, shape):
        first = nn.Sequential(nn.Conv2d(shape[0], 3, 3, padding=1), nn.Tanh())
        return [first, nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.Tanh())]


class _Image(nn.Module):
    def __init__(self, name):
        super().__init__()
        self.name = name

    def forward(self, inputs):
        return State(inputs[self.name])


class Sequences(Encoder):
    """Steps of a row are its numbers, of which the last is masked; two stages of width 4."""

    def entry(self, parts):
        return _Steps(parts[0].name)

    def stages(self, shape):
        return [
            nn.Sequential(nn.Linear(shape[-1], 4), nn.Tanh()),
            nn.Sequential(nn.Linear(4, 4), nn.Tanh()),
        ]


class _Steps(nn.Module):
    def __init__(self, name):
        super().__init__()
        self.name = name

    def forward(self, inputs):
        values = inputs[self.name].unsqueeze(-1)
        mask = torch.ones(values.shape[:2], dtype=torch.bool)
        mask[:, -1] = False
        return State(values, mask)


def images(n_rows=6):
    draw = np.random.default_rng(0)
    pictures = draw.normal(size=(n_rows, 1, 4, 4)).astype(np.float32)
    labels = draw.normal(size=(n_rows, 2))
    names = [Task("a", "regression"), Task("b", "regression")]
    return MultiTaskDataset.from_arrays(pictures, labels, names)


def numbers(n_rows=6, n_tasks=2):
    draw = np.random.default_rng(0)
    names = [Task(name, "regression") for name in "abcd"[:n_tasks]]
    return MultiTaskDataset.from_arrays(
        draw.normal(size=(n_rows, 3)), draw.normal(size=(n_rows, n_tasks)), names
    )


def built(recipe, data):
    """A network in evaluation whose parameters are moved a little, and a batch of all rows."""
    schemas = fit_schemas(data)
    network = recipe.build(schemas, data.tasks, seed=0).eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return network, to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))


def stage_of(copies: Copies, k: int, fresh: nn.Module) -> nn.Module:
    """One copy of a stage as a module of its own, written into a fresh one."""
    state = {
        name: dict(copies.named_parameters())[name.replace(".", "__")][k]
        for name in fresh.state_dict()
    }
    fresh.load_state_dict(state)
    return fresh


def tower(network, encoder, k, towers="towers"):
    """The stages of the k-th tower."""
    fresh = list(encoder.stages(network.inputs.shape))
    piece = getattr(network, towers)
    start = len(fresh) - len(piece) if towers == "own_towers" else 0
    return [stage_of(copies, k, fresh[start + i]) for i, copies in enumerate(piece)]


def scores_of(network, features):
    """Scores (n, n_tasks, size) of one block from vectors of each task, by a loop."""
    (heads,) = network.heads
    scores = [rows @ heads.weight[k].T + heads.bias[k] for k, rows in enumerate(features)]
    return torch.stack(scores, dim=1)
