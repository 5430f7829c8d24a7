"""Tasks that label the steps of a sequence, beside tasks that label rows."""

import numpy as np
import polars as pl
import pytest
import torch
from small_architectures import small_architectures
from users_steps import Steps, Tags

from polytask import MultiTaskDataset, Task
from polytask.architectures import HardSharing, Separate, SingleTask
from polytask.data import encode, fit_schemas, make_blocks
from polytask.encoders import LSTM, TabM
from polytask.evaluation import evaluate
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.tasks import NO_STEP
from polytask.training import Trainer
from polytask.training._score import score

N_STEPS = 6


def sentences(n_rows=120, seed=0):
    """Steps whose tag is the sign of their number and of the one before; rows by their sum."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, N_STEPS + 1, n_rows)
    values = rng.normal(size=(n_rows, N_STEPS)) * (np.arange(N_STEPS) < lengths[:, None])
    there = (np.arange(N_STEPS) < lengths[:, None]).astype(float)
    before = np.pad(values, [(0, 0), (1, 0)])[:, :-1]
    tags = np.where(values + before > 0, "up", "down")
    texts = [" ".join(row[:length]) for row, length in zip(tags, lengths, strict=True)]
    texts[3] = None
    inputs = np.stack([values, there], axis=2)
    return pl.DataFrame(
        {
            "x": pl.Series(inputs.tolist(), dtype=pl.Array(pl.Float64, (N_STEPS, 2))),
            "tags": texts,
            "rises": (values.sum(axis=1) > 0).astype(int),
        }
    )


@pytest.fixture(scope="module")
def data():
    tasks = [Task("tags", Tags()), Task("rises", "binary")]
    return MultiTaskDataset.from_table(sentences(), tasks)


@pytest.fixture(scope="module")
def schemas(data):
    return fit_schemas(data)


def built(architecture, data, schemas, seed=0):
    return architecture.build(schemas, data.tasks, seed)


def encoded(data, schemas):
    blocks = make_blocks(data.tasks, schemas)
    return {
        name: rows.map(torch.as_tensor)
        for name, rows in encode(data.sources, data.tasks, schemas, blocks).items()
    }


@pytest.mark.parametrize("architecture", [HardSharing, Separate, SingleTask])
def test_steps_and_rows_are_learned_together(architecture, data, tmp_path):
    recipe = HardSharing(Steps())
    recipe = {HardSharing: recipe, Separate: recipe.twin(), SingleTask: recipe.single_task()}[
        architecture
    ]
    train, test = data.take({"table": np.arange(90)}), data.take({"table": np.arange(90, 120)})
    trainer = Trainer(steps=150, batch_size=32, learning_rate=2e-2)
    model = MultiTaskNetwork(recipe, trainer).fit(train, test, seed=0)
    figures = evaluate(model, test)
    assert figures["tags"]["tag_accuracy"].value > 0.8
    assert figures["rises"]["roc_auc"].value > 0.8
    model.save(tmp_path / "model", trusted="users_steps")
    from polytask import load

    again = load(tmp_path / "model", trusted="users_steps")
    before, after = model.predict(test), again.predict(test)
    np.testing.assert_array_equal(before["tags"].response, after["tags"].response)
    decided = model.predict(test)["tags"].decision
    asked = test.sources[0].inputs["x"].to_numpy()[..., 1].sum(axis=1)
    assert [len(text.split()) for text in decided] == asked.tolist()


def test_scores_of_absent_steps_say_so(data, schemas):
    network = built(HardSharing(Steps()), data, schemas)
    raw = network(encoded(data, schemas))
    ((key, scores),) = [(key, scores) for key, scores in raw.items() if "tags" in key[1]]
    there = data.sources[0].inputs["x"].to_numpy()[..., 1] > 0
    steps = scores.detach().view(len(there), N_STEPS, 2)
    assert key[0] == "table"
    assert ((steps == NO_STEP).all(-1).numpy() == ~there).all()


def test_an_encoder_must_keep_the_steps(data, schemas):
    with pytest.raises(ParameterError, match=r"tags \(tags\) label every step .* vectors of whole"):
        built(HardSharing(Steps(pools=True)), data, schemas)
    with pytest.raises(
        ParameterError, match=r"must keep the 6 steps of the rows of source 'table'"
    ):
        built(HardSharing(Steps(shortens=True)), data, schemas)(encoded(data, schemas))
    with pytest.raises(ParameterError, match="the rows of an ensemble"):
        built(HardSharing(TabM()), data, schemas)


REFUSED = {"AITM"}  # a chain of conversions of one row


@pytest.mark.parametrize(("name", "architecture"), small_architectures(Steps(8)).items())
def test_architectures_score_the_steps_that_rows_have(name, architecture, data, schemas):
    if architecture.one_task_per_row or name == "Routed":
        pytest.skip("needs rows of one task each")
    if name in REFUSED:
        with pytest.raises(ParameterError, match="label every step of a sequence"):
            built(architecture, data, schemas)
        return
    rows = encoded(data, schemas)
    raw = score(built(architecture, data, schemas), rows)
    there = data.sources[0].inputs["x"].to_numpy()[..., 1] > 0
    for (_, block), scores in raw.items():
        if "tags" in block:
            steps = scores.view(len(there), N_STEPS, 2)
            assert ((steps == NO_STEP).all(-1).numpy() == ~there).all()
        assert scores.isfinite().all()


def test_a_row_without_tokens_has_no_tag_whatever_stands_beside_it():
    words = ["a b", "b", None, "a a b"] * 10
    frame = pl.DataFrame({"w": words, "x": np.arange(40.0), "t": ["A B", "B", None, "A A B"] * 10})
    data = MultiTaskDataset.from_table(frame, [Task("t", "tokens")], columns={"w": "tokens"})
    network = MultiTaskNetwork(HardSharing(LSTM(4, word_dim=3)), Trainer(steps=2))
    decided = network.fit(data, data, seed=0).predict(frame)["t"].decision
    assert [len(text.split()) for text in decided[:4]] == [2, 1, 0, 3]
