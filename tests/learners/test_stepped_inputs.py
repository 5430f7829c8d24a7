"""Texts, tokens and sequences as inputs of every default learner, and of their saved models."""

import json

import numpy as np
import polars as pl
import pytest
import torch
from torch import nn

from polytask.architectures import HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.data import Part, fit_schemas, read, unseen_notes
from polytask.encoders import MLP, CustomEncoder, FTTransformer, TableEntry, TabM
from polytask.encoders._step_vectors import StepStatistics, WordMean
from polytask.exceptions import BundleError
from polytask.learners import GradientBoosting, Linear, PerTaskEstimator, resolve_learner
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import Design, load
from polytask.predictor._step_columns import sequence_statistics
from polytask.training import Trainer

ROWS = 120


def table() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    words = np.array([f"word{number}" for number in range(30)])
    good = rng.integers(0, 2, ROWS)
    level = rng.normal(size=ROWS)
    texts = [
        " ".join([*rng.choice(words, 6), "good" if is_good else "bad", *rng.choice(words, 3)])
        for is_good in good
    ]
    pulses = [[value, value + 1.0][: 1 + row % 2] for row, value in enumerate(level)]
    return pl.DataFrame(
        {
            "review": texts,
            "path": [["home", "cart"] if is_good else ["home"] for is_good in good],
            "pulse": [*pulses[:-2], [], None],
            "x": rng.normal(size=ROWS),
            "liked": good,
            "level": level,
        }
    )


TABLE = table()
DATA = read(TABLE, ["liked", "level"])
TRAIN = DATA.take({"table": np.arange(80)})
VALIDATION = DATA.take({"table": np.arange(80, 100)})
NEW = pl.DataFrame(
    {
        "review": ["so good", "unheard of", "", "word1 bad " * 60],
        "path": [["home", "cart"], ["exit"], [], None],
        "pulse": [[1.0], [2.0, 3.0, 4.0], [], None],
        "x": [0.0, 1.0, None, 2.0],
    }
)
QUICK = Trainer(learning_rate=0.02)
LEARNERS = {
    "linear": Linear(),
    "boosting": GradientBoosting(max_iter=10),
    "lightgbm": resolve_learner("lightgbm(max_iter=10)"),
    "hard_sharing": MultiTaskNetwork(HardSharing(MLP((8,))), QUICK),
    "single_task": MultiTaskNetwork(SingleTask(encoder=MLP((8,))), QUICK),
    "tab_m": MultiTaskNetwork(HardSharing(TabM(members=3, widths=(8,))), QUICK),
    "ft_transformer": MultiTaskNetwork(
        HardSharing(FTTransformer(width=8, n_heads=2, depth=1)), QUICK
    ),
}


@pytest.mark.parametrize(
    "name",
    [
        name if name in {"linear", "hard_sharing"} else pytest.param(name, marks=pytest.mark.slow)
        for name in LEARNERS
    ],
)
def test_learners_learn_from_every_column_and_come_back(name, tmp_path):
    model = LEARNERS[name].fit(TRAIN, VALIDATION, 0, Budget(steps=200))
    held_out = TABLE[100:].drop("liked", "level")
    answers = model.predict(held_out)
    liked = answers["liked"].response > 0.5
    assert (liked == TABLE["liked"].to_numpy()[100:].astype(bool)).mean() > 0.9
    error = answers["level"].response[:-2] - TABLE["level"].to_numpy()[100:-2]
    assert np.mean(error**2) < 0.7
    model.save(tmp_path / "model")
    new, again = model.predict(NEW), load(tmp_path / "model").predict(NEW)
    for task in ("liked", "level"):
        assert np.isfinite(new[task].response).all()
        np.testing.assert_array_equal(again[task].response, new[task].response)
    alone = np.concatenate(
        [model.predict(NEW[row : row + 1])["level"].response for row in range(4)]
    )
    np.testing.assert_allclose(alone, new["level"].response, rtol=1e-5, atol=1e-6)


def test_notes_on_new_rows():
    notes = unseen_notes(NEW, fit_schemas(TRAIN).values())
    assert notes == (
        "review: of 1 row only the first 10 steps are read, as in fitting",
        "path: 1 of 3 tokens was not seen in fitting and counts as unknown",
        "pulse: of 1 row only the first 2 steps are read, as in fitting",
    )
    (note,) = unseen_notes(NEW[1:2], fit_schemas(TRAIN).values())[:1]
    assert note == "review: 2 of 2 words were not seen in fitting and count as unknown"


@pytest.mark.parametrize("name", ["linear", "boosting", "hard_sharing", "ft_transformer"])
def test_learners_learn_from_molecules(name):
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("CNO"), 8)) for _ in range(100)]
    data = read(
        {"c": texts, "y": [text.count("N") % 8 * 1.5 for text in texts]},
        ["y:regression"],
        columns={"c": "smiles"},
    )
    train, validation = (data.take({"table": rows}) for rows in (np.arange(80), np.arange(80, 100)))
    model = LEARNERS[name].fit(train, validation, 0, Budget(steps=200))
    response = model.predict({"c": texts})["y"].response
    assert np.corrcoef(response, [text.count("N") for text in texts])[0, 1] > 0.8


# ── vectors of networks ───────────────────────────────────────────────────────
PARTS = [
    Part("numeric", "numeric", (2,)),
    Part("categorical", "categorical", (1,), cardinalities=(3,)),
    Part("text:a.b", "text", (5,), (9,)),
    Part("sequence:s", "sequence", (4, 2)),
]


def rows(steps: int) -> dict[str, torch.Tensor]:
    """Two rows of at most three steps, padded to a number of steps."""
    codes = torch.zeros(2, steps, dtype=torch.int32)
    codes[0, :3], codes[1, :1] = torch.tensor([2, 5, 1]), 8
    sequence = torch.full((2, steps, 2), torch.nan)
    sequence[0, :3] = torch.arange(6.0).view(3, 2)
    return {
        "numeric": torch.ones(2, 2),
        "categorical": torch.tensor([[1], [2]], dtype=torch.int32),
        "text:a.b": codes,
        "sequence:s": sequence,
    }


def test_entries_do_not_depend_on_padding():
    entry = TableEntry(PARTS, embedding_dim=3)
    assert entry.width == sum(entry.channels) == 2 + 3 + 32 + 13
    nn.init.normal_(entry.steps[0].weight)
    short, long = entry(rows(3)).values, entry(rows(5)).values
    assert short.shape == (2, entry.width)
    torch.testing.assert_close(short, long)
    assert torch.isfinite(long).all()
    long.sum().backward()
    assert torch.isfinite(entry.steps[0].weight.grad).all()


def test_means_of_words_do_not_depend_on_rows_at_once(monkeypatch):
    words = WordMean(9, width=4)
    nn.init.normal_(words.weight)
    codes = torch.randint(0, 9, (10, 3))
    whole = words(codes).detach()
    monkeypatch.setattr("polytask.encoders._step_vectors._ROWS", 4)
    with torch.no_grad():
        torch.testing.assert_close(words(codes), whole)


def test_statistics_are_those_of_estimators():
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(6, 5, 3)).astype(np.float32)
    for row in range(6):
        steps[row, row:] = np.nan
    ours = StepStatistics(3)(torch.tensor(steps)).numpy()
    theirs = sequence_statistics(steps)
    np.testing.assert_allclose(ours[:, :-1], theirs[:, :-1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.expm1(ours[:, -1]), theirs[:, -1], rtol=1e-5)


def test_a_factory_receives_sequences_with_their_mask():
    data = read({"s": [[1.0, 2.0], [3.0], [], [4.0]], "y": [1.0, 2.0, 3.0, 4.5]}, ["y"])
    schema = fit_schemas(data)["table"]
    entry = CustomEncoder(lambda shape: nn.Linear(shape[-1], 2)).entry(schema.parts)
    arrays = {name: torch.tensor(array) for name, array in schema.encode(data.sources[0]).items()}
    state = entry(arrays)
    assert state.mask.tolist() == [[True, True], [True, False], [False, False], [True, False]]
    assert torch.isfinite(state.values).all()


# ── matrices of estimators ────────────────────────────────────────────────────
def test_matrices():
    source, schema = TRAIN.sources[0], fit_schemas(TRAIN)["table"]
    words = len(schema.columns[0].vocabulary) + len(schema.columns[1].vocabulary)
    for how in ({}, {"categorical": "codes"}, {"accepts_sparse": True}):
        design = Design.fit(source, schema, **how)
        matrix = design.matrix(source, schema)
        assert matrix.shape == (80, design.width(schema)) == (80, words + 7 + 1)
    sparse = Design("one_hot", sparse=True).matrix(source, schema).toarray()
    np.testing.assert_allclose(np.linalg.norm(sparse[:, : words - 2], axis=1), 1.0)
    assert Design.fit(source, schema, categorical="codes").categorical_columns(schema) == []


def test_dense_matrices_have_the_most_frequent_words(monkeypatch):
    monkeypatch.setattr("polytask.predictor._step_columns._MOST_DENSE", 3)
    source, schema = TRAIN.sources[0], fit_schemas(TRAIN)["table"]
    design = Design.fit(source, schema, categorical="codes")
    matrix = design.matrix(source, schema)
    assert matrix.shape[1] == design.width(schema) == 3 + 2 + 7 + 1
    frequent = schema.columns[0].vocabulary[:3]
    counts = TABLE["review"][:80].str.split(" ").list.eval(pl.element() == frequent[0]).list.sum()
    np.testing.assert_allclose(matrix[:, 0], np.log1p(counts.to_numpy()))


def test_forged_vocabularies_do_not_fit_saved_estimators(tmp_path):
    model = PerTaskEstimator(Linear().learner().estimator).fit(TRAIN, VALIDATION, 0, Budget())
    model.save(tmp_path / "model")
    path = next((tmp_path / "model").rglob("*.json"))
    assert path.exists()
    for file in (tmp_path / "model").rglob("*.json"):
        content = json.loads(file.read_text())
        if "schemas" in content:
            column = content["schemas"]["table"]["columns"][0]
            column["vocabulary"] = column["vocabulary"][:-1]
            file.write_text(json.dumps(content))
    with pytest.raises(BundleError):
        load(tmp_path / "model")
