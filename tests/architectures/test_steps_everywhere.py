"""Every architecture over sequences, with tasks that label their steps."""

import numpy as np
import polars as pl
import pytest
import torch
from small_architectures import small_architectures

from polytask import MultiTaskDataset, Task
from polytask.architectures import CGC, PLE, STEM, Hierarchical, LoRA
from polytask.data import encode, fit_schemas
from polytask.encoders import LSTM, Transformer
from polytask.exceptions import ParameterError
from polytask.losses import MultiTaskLoss
from polytask.neural_network import MultiTaskNetwork
from polytask.testing import check_architecture
from polytask.training import Trainer, to_tensors

ENCODER = LSTM(4, 2, word_dim=3, word_dropout=0.0, dropout=0.1)
RECIPES = small_architectures(ENCODER)
RECIPES["LoRA"] = LoRA(Transformer(4, 1, n_heads=2, word_dim=3))  # it adapts linear layers
VECTORS_ALONE = {"AITM"}
"""A chain of conversions of one row."""


MIXING = [
    "CGC",
    "Hierarchical",
    "HyperNetworkHeads",
    "PLE",
    "Pooled",
    "STEM",
    "SharedPrivate",
    "Sluice",
]
"""Those that answer from more than the states of one tower."""


def sentences(n_rows=40, seed=0):
    """Words that are tags themselves, tags of which some are missing, and what a row is about."""
    rng = np.random.default_rng(seed)
    words = [rng.choice(list("abc"), rng.integers(1, 6)) for _ in range(n_rows)]
    tags = [["O" if word == "a" else "B-x" for word in row] for row in words]
    chunks = [
        "".join("I" if t > 0 and row[t - 1] == "B-x" else "E" for t in range(len(row)))
        for row in tags
    ]
    frame = pl.DataFrame(
        {
            "words": [" ".join(row) for row in words],
            "low": [" ".join(row) for row in tags],
            "high": [" ".join(row) for row in chunks],
            "about": [int(list(row).count("a") > len(row) / 2) for row in words],
        }
    )
    return frame.with_columns(low=pl.when(pl.int_range(pl.len()) != 3).then("low"))


def together():
    tasks = [Task("low", "tokens"), Task("high", "tokens:crf"), Task("about", "binary")]
    return MultiTaskDataset.from_table(sentences(), tasks, columns={"words": "tokens"})


def own_rows():
    """Rows of one task each."""
    frame = (
        sentences().select("words", "low").with_columns(task=pl.Series(["t", "u", "t", "v"] * 10))
    )
    roles = {"words": "tokens"}
    return MultiTaskDataset.from_long(frame, "low", "task", kind="tokens:crf", columns=roles)


TOGETHER, OWN_ROWS = together(), own_rows()


def datasets_for(recipe):
    return [OWN_ROWS] if recipe.one_task_per_row else [TOGETHER, OWN_ROWS]


@pytest.mark.slow
@pytest.mark.parametrize("name", MIXING)
def test_common_checks(name):
    check_architecture(RECIPES[name], datasets_for(RECIPES[name]))


@pytest.mark.parametrize("name", sorted(VECTORS_ALONE))
def test_funnels_of_rows_say_that_they_take_no_steps(name):
    with pytest.raises(ParameterError, match="label every step of a sequence"):
        MultiTaskNetwork(RECIPES[name], Trainer(steps=1)).fit(TOGETHER, TOGETHER, seed=0)


@pytest.mark.parametrize("name", [*MIXING, "CrossStitch", "HardSharing", "MMoE", "MTAN"])
def test_padding_changes_nothing(name):
    recipe = RECIPES[name]
    data = datasets_for(recipe)[0]
    schemas = fit_schemas(data)
    network = recipe.build(schemas, data.tasks, 0).eval()
    ((source, rows),) = to_tensors(
        encode(data.sources, data.tasks, schemas, network.blocks)
    ).items()
    lengths = (rows.inputs["tokens:words"] > 0).sum(dim=1)
    short = rows.take(torch.nonzero(lengths <= 2).flatten())
    cut = short.inputs["tokens:words"][:, :2]
    wide = network({source: short})
    tight = network({source: type(short)({"tokens:words": cut}, short.task, short.targets)})
    for key, scores in wide.items():
        torch.testing.assert_close(tight[key], scores)


@pytest.mark.parametrize("recipe", [CGC, PLE, STEM])
def test_hidden_layers_of_tasks_pool_and_say_so(recipe):
    with pytest.raises(ParameterError, match="this network ends in vectors of whole rows"):
        recipe(ENCODER, tower_widths=(4,)).build(fit_schemas(TOGETHER), TOGETHER.tasks, 0)


def test_a_level_hands_its_tags_on_step_by_step():
    data, recipe = TOGETHER, Hierarchical(ENCODER)
    schemas = fit_schemas(data)
    network = recipe.build(schemas, data.tasks, 0).eval()
    rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    with torch.no_grad():
        before = network(rows)
        for level in network.levels["1"]:
            level.heads[0].weight.mul_(-3.0)
        after = network(rows)
    key = next(key for key in before if key[1].startswith("binary"))
    assert not torch.allclose(before[key], after[key])
    losses, present = MultiTaskLoss(network.blocks, data.tasks)(network(rows), rows)
    losses[data.tasks.index("about")].backward()
    assert present.all()
    assert network.levels["1"][0].heads[0].weight.grad.abs().sum() > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", MIXING)
def test_steps_are_learned(name):
    recipe = RECIPES[name]
    data = datasets_for(recipe)[0]
    trainer = Trainer(steps=60, batch_size=20, learning_rate=3e-2)
    model = MultiTaskNetwork(recipe, trainer).fit(data, data, seed=0)
    losses = [epoch.validation_losses for epoch in model.history.epochs]
    for task in data.tasks.names:
        assert min(loss[task] for loss in losses) < 0.7 * losses[0][task] or losses[0][task] < 0.3
