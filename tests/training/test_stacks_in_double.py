"""Members side by side are the runs alone, in float64 over 50 steps, for every public network that stacks."""

import inspect
from functools import cache

import numpy as np
import polars as pl
import pytest
import torch
from doubles import in_double
from populations import assert_equal_runs, trained_apart
from small_architectures import data_for, small_architectures, small_variants
from small_encoders import ENCODERS

import polytask.encoders
from polytask.architectures import HardSharing
from polytask.data import MultiTaskDataset
from polytask.encoders import (
    CNN,
    GRU,
    LSTM,
    MLP,
    ByRole,
    CharacterCNN,
    Encoder,
    NGramBag,
    PackedMLP,
    ResidualMLP,
    ResNet,
    TabM,
    TemporalCNN,
    Transformer,
    UNet,
    ViT,
)
from polytask.tasks import Task
from polytask.training import Member, Trainer

TRAINER = Trainer(
    steps=50,
    batch_size=8,
    evaluate_every=25,
    patience=None,
    optimizer="sgd",
    learning_rate=0.005,
    optimizer_options={"momentum": 0.9},
)
MEMBERS = [Member(seed=1), Member(seed=2, learning_rate=0.002)]
OF_TABLES = {
    **ENCODERS,
    "TabM": TabM(members=3, widths=(8,)),
    "PackedMLP": PackedMLP(2, (6,), dropout=0.1),
    "ResidualMLP": ResidualMLP(8, depth=1),
    "MLP of bins": MLP((8,), numbers="piecewise_linear"),
    "MLP of waves": MLP((8,), numbers="periodic"),
    "ByRole": ByRole({"numeric": MLP((6,)), "categorical": MLP((4,))}),
}
OF_IMAGES = {
    "CNN": CNN((4, 4), normalization="group", dense=(4,)),
    "ResNet": ResNet((1, 1), (4, 8)),
    "UNet": UNet((4, 8, 4)),
    "ViT": ViT(4, 4, depth=2, n_heads=2, feed_forward=4, dropout=0.0),
}
OF_WORDS = {
    "TemporalCNN": TemporalCNN((6, 6), kernel=3, word_dim=5, dropout=0.0, word_dropout=0.0),
    "CharacterCNN": CharacterCNN((6, 6), (3, 2), word_dim=5, dropout=0.0),
    "Transformer": Transformer(
        6, n_heads=2, feed_forward=7, word_dim=5, dropout=0.0, word_dropout=0.0
    ),
    "NGramBag": NGramBag((8,), buckets=97, word_dim=4, dropout=0.0, word_dropout=0.0),
    "LSTM": LSTM(width=6, word_dim=5, dropout=0.0),
    "GRU": GRU(width=6, word_dim=5, dropout=0.0),
}
FROM_ELSEWHERE = {"CustomEncoder", "HuggingFaceText", "Pretrained"}
"""What others write or have trained."""
ONE_AFTER_ANOTHER = {
    *("AITM", "COSMOS", "DSelectK", "ParetoHyperNetwork", "Routed", "SharedPrivate"),
    *("GRU", "LSTM"),
    *("SoftSharing, refitted", "SoftSharing, proximal", "SoftSharing, of features"),
    *("Routed, towers", "Separate, penalty", "Separate, refitted"),
}
"""As docs/runs.md says."""


@cache
def networks():
    """Recipes by name."""
    encoders = {**OF_TABLES, **OF_IMAGES, **OF_WORDS}
    return {
        **small_architectures(MLP((8, 8), dropout=0.2)),
        **small_variants(MLP((8, 8))),
        **{name: HardSharing(encoder) for name, encoder in encoders.items()},
    }


@cache
def columns():
    """Images, words and labels of 40 rows."""
    draw = np.random.default_rng(0)
    targets = np.stack([draw.normal(size=40), draw.random(40) > 0.5], axis=1)
    words = [" ".join(draw.choice(list("abcdefgh"), 5)) for _ in range(40)]
    return draw.normal(size=(40, 1, 8, 8)), words, targets


def rows_for(name):
    """Rows that the network takes."""
    images, words, targets = columns()
    if name in OF_IMAGES:
        tasks = [Task("a", "regression"), Task("b", "binary")]
        return MultiTaskDataset.from_arrays(images, targets, tasks)
    if name in OF_WORDS:
        frame = pl.DataFrame({"note": words, "a": targets[:, 0], "b": targets[:, 1].astype(int)})
        tasks = ["a:regression", "b:binary"]
        return MultiTaskDataset.from_table(frame, tasks, columns={"note": "text"})
    return data_for(networks()[name])


def test_every_public_encoder_is_among_the_networks():
    public = {
        name
        for name in polytask.encoders.__all__
        if inspect.isclass(kind := getattr(polytask.encoders, name))
        and issubclass(kind, Encoder)
        and not inspect.isabstract(kind)
    }
    covered = {
        type(e).__name__ for e in (*OF_TABLES.values(), *OF_IMAGES.values(), *OF_WORDS.values())
    }
    assert covered == public - FROM_ELSEWHERE


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "HardSharing" else pytest.mark.slow)
        for name in networks()
    ],
)
def test_members_side_by_side_are_the_runs_alone(name):
    recipe, data = networks()[name], rows_for(name)
    with in_double():
        assert (TRAINER.stacking(recipe, MEMBERS, data) is None) == (name not in ONE_AFTER_ANOTHER)
        if name in ONE_AFTER_ANOTHER:
            return
        together = TRAINER.fit_many(recipe, MEMBERS, data, data)
        apart = trained_apart(TRAINER, recipe, MEMBERS, data, data)
    for one, two in zip(together, apart, strict=True):
        assert next(one.network.parameters()).dtype == torch.float64
        assert_equal_runs(one, two, rtol=1e-6)
