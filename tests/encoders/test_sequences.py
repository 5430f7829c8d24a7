"""Encoders of text, tokens and sequences."""

import numpy as np
import polars as pl
import pytest
import torch
from small_architectures import small_architectures
from torch import nn

from polytask import MultiTaskDataset, Task
from polytask.architectures import HardSharing, SingleTask
from polytask.data import Part, encode, fit_schemas, make_blocks
from polytask.encoders import GRU, LSTM, CharacterCNN, State, TemporalCNN, Transformer, advance
from polytask.encoders._step_entry import StepEntry
from polytask.evaluation import evaluate
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer, to_tensors
from polytask.training._score import score

SMALL = {
    "LSTM": LSTM(width=6, depth=2, word_dim=5),
    "GRU": GRU(width=6, word_dim=5, bidirectional=False, pooling="last"),
    "TemporalCNN": TemporalCNN((6, 6), kernel=3, word_dim=5, pooling="max"),
    "CharacterCNN": CharacterCNN((6, 6, 6), (5, 3, 2), word_dim=5),
    "Transformer": Transformer(6, n_heads=2, feed_forward=7, word_dim=5, pooling="attention"),
    "Transformer of steps": Transformer(6, depth=1, n_heads=2, feed_forward=7, word_dim=5),
}
WORDS = Part("tokens:words", "tokens", (7,), (9,))
CODES = torch.tensor([[2, 5, 3, 0, 0, 0, 0], [4, 4, 8, 2, 6, 7, 1], [0, 0, 0, 0, 0, 0, 0]])


def table(n_rows=160, seed=0):
    """Notes whose sentiment is that of their last opinion, and pulses with numbers beside them."""
    rng = np.random.default_rng(seed)
    words = np.array(["good", "bad", *"abcdefgh"])
    notes = [rng.choice(words, rng.integers(3, 9)) for _ in range(n_rows)]
    return pl.DataFrame(
        {
            "note": [" ".join(note) for note in notes],
            "age": rng.normal(size=n_rows),
            "liked": [
                int(np.isin(note, ["good"]).sum() > np.isin(note, ["bad"]).sum()) for note in notes
            ],
            "length": [float(len(note)) for note in notes],
        }
    )


@pytest.fixture(scope="module")
def data():
    return MultiTaskDataset.from_table(table(), ["liked", "length"], columns={"note": "text"})


@pytest.fixture(scope="module")
def prepared(data):
    schemas = fit_schemas(data)
    blocks = make_blocks(data.tasks, schemas)
    return schemas, to_tensors(encode(data.sources, data.tasks, schemas, blocks))


def run(encoder, parts, inputs, seed=0):
    torch.manual_seed(seed)
    entry = encoder.entry(parts).eval()
    state = entry(inputs)
    for stage in encoder.stages(tuple(state.values.shape[1:])):
        state = advance(stage.eval(), state)
    return state


@pytest.mark.parametrize("name", SMALL)
def test_absent_steps_and_other_rows_change_nothing(name):
    whole = run(SMALL[name], [WORDS], {"tokens:words": CODES}).values
    for row, length in enumerate([3, 7]):
        alone = run(SMALL[name], [WORDS], {"tokens:words": CODES[row : row + 1, :length]}).values[0]
        same = whole[row, :length] if whole.ndim == 3 else whole[row]
        torch.testing.assert_close(alone, same, rtol=1e-5, atol=1e-6)
    assert whole.isfinite().all()


def test_lstm_is_pytorchs_on_the_steps_that_rows_have():
    torch.manual_seed(0)
    (layer,) = LSTM(width=4, dropout=0.0).stages((7, 5))
    values, mask = torch.randn(3, 7, 5), CODES > 0
    found = layer(State(values, mask)).values
    for row in (0, 1):
        length = int(mask[row].sum())
        expected, _ = layer.cells(values[row : row + 1, :length])
        torch.testing.assert_close(found[row, :length], expected[0])
        assert (found[row, length:] == 0).all()


def test_transformer_block_is_pytorchs_with_the_same_weights():
    torch.manual_seed(0)
    encoder = Transformer(8, depth=1, n_heads=2, feed_forward=12)
    (block,) = encoder.stages((7, 8))
    block.eval()
    peer = nn.TransformerEncoderLayer(
        8, 2, 12, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    ).eval()
    ours = block.attention
    with torch.no_grad():
        peer.self_attn.in_proj_weight.copy_(
            torch.cat([ours.queries.weight, ours.keys_values.weight])
        )
        peer.self_attn.in_proj_bias.copy_(torch.cat([ours.queries.bias, ours.keys_values.bias]))
        peer.self_attn.out_proj.load_state_dict(ours.out.state_dict())
        peer.norm1.load_state_dict(block.norm.state_dict())
        norm, first, _, _, second = block.feed_forward
        peer.norm2.load_state_dict(norm.state_dict())
        peer.linear1.load_state_dict(first.state_dict())
        peer.linear2.load_state_dict(second.state_dict())
    values, mask = torch.randn(3, 7, 8), CODES > 0
    mask[2, 0] = True
    expected = block.last(peer(block.places(values), src_key_padding_mask=~mask))
    found = block(State(values, mask)).values
    torch.testing.assert_close(found[mask], expected[mask], rtol=1e-5, atol=1e-5)


def test_several_parts_follow_one_another_and_the_rest_stands_beside():
    parts = [
        WORDS,
        Part("sequence:pulse", "sequence", (2, 1)),
        Part("numeric", "numeric", (3,)),
    ]
    pulse = torch.tensor([[[0.5], [1.0]], [[float("nan")], [float("nan")]], [[float("nan")]] * 2])
    inputs = {"tokens:words": CODES, "sequence:pulse": pulse, "numeric": torch.randn(3, 3)}
    state = StepEntry(parts, 5, 0.0, 8, "standardized")(inputs)
    assert state.values.shape == (3, 9, 8)
    assert state.mask.sum(dim=1).tolist() == [5, 7, 1]
    assert state.mask[:, 0].all()
    torch.testing.assert_close(state.values[2, 0, 5:], inputs["numeric"][2])


def test_a_word_is_forgotten_in_training_alone():
    entry = StepEntry([WORDS], 5, 0.5, 8, "standardized")
    codes = {"tokens:words": torch.full((200, 7), 2)}
    torch.manual_seed(0)
    unknown = entry.steps[0].weight[1]
    forgotten = (entry(codes).values == unknown).all(dim=-1).float().mean()
    assert 0.4 < forgotten < 0.6
    assert not (entry.eval()(codes).values == unknown).all(dim=-1).any()


@pytest.mark.parametrize("name", SMALL)
def test_architectures_take_every_encoder(name, data, prepared):
    schemas, rows = prepared
    refused = {}
    for title, architecture in small_architectures(SMALL[name]).items():
        if architecture.refuses(data.tasks) is not None:
            continue
        try:
            network = architecture.build(schemas, data.tasks, 0)
        except ParameterError as error:
            refused[title] = str(error)
            continue
        assert all(scores.isfinite().all() for scores in score(network, rows).values()), title
    assert "rows that each belong to one task" in refused.pop("Routed")
    if not name.startswith("Transformer"):
        assert "must have torch.nn.Linear layers" in refused.pop("LoRA")
    assert not refused


@pytest.mark.parametrize("architecture", [HardSharing, SingleTask])
def test_words_are_learned_saved_and_loaded(architecture, data, tmp_path):
    train, test = data.take({"table": np.arange(120)}), data.take({"table": np.arange(120, 160)})
    trainer = Trainer(steps=120, batch_size=32, learning_rate=1e-2)
    model = MultiTaskNetwork(architecture(LSTM(16, word_dim=8)), trainer).fit(train, test, seed=0)
    figures = evaluate(model, test)
    assert figures["liked"]["roc_auc"].value > 0.85
    assert figures["length"]["nmse"].value < 0.3
    model.save(tmp_path / "model")
    from polytask import load

    loaded = load(tmp_path / "model")
    new = test.sources[0].inputs.with_columns(pl.lit("good words never met").alias("note"))
    before, after = model.predict(new), loaded.predict(new)
    np.testing.assert_array_equal(before["liked"].response, after["liked"].response)


@pytest.mark.parametrize("encoder", [LSTM, GRU, TemporalCNN, CharacterCNN, Transformer])
def test_rows_without_steps_are_refused_in_words(encoder):
    with pytest.raises(
        ParameterError, match=r"where rows have text, tokens or a sequence\. Got numeric"
    ):
        encoder().entry([Part("numeric", "numeric", (3,))])


def test_heads_must_divide_the_width():
    with pytest.raises(ParameterError, match=r"`n_heads` parameter of Transformer must divide"):
        Transformer(10, n_heads=4)


def test_kernels_are_as_many_as_widths():
    with pytest.raises(
        ParameterError, match=r"`kernels` parameter of CharacterCNN must hold as many"
    ):
        CharacterCNN((8, 8))


def test_endings_of_names_are_learned_from_their_characters(tmp_path):
    from polytask import load

    rng = np.random.default_rng(0)
    stems = rng.choice(list("bcdfgklmnprst"), (160, 6))
    ends = rng.choice(["ova", "ich"], 160)
    frame = pl.DataFrame(
        {
            "name": [
                "".join(stem[: 3 + k % 4]) + end
                for k, (stem, end) in enumerate(zip(stems, ends, strict=True))
            ],
            "female": (ends == "ova").astype(int),
        }
    )
    data = MultiTaskDataset.from_table(frame, ["female:binary"], columns={"name": "characters"})
    train, test = data.take({"table": np.arange(120)}), data.take({"table": np.arange(120, 160)})
    (part,) = fit_schemas(train)["table"].parts
    assert part.name == "characters:name"
    assert part.shape == (9,)
    trainer = Trainer(steps=60, batch_size=32, learning_rate=1e-2)
    encoder = CharacterCNN((8, 8), (5, 3), word_dim=8)
    model = MultiTaskNetwork(HardSharing(encoder), trainer).fit(train, test, seed=0)
    assert evaluate(model, test)["female"]["roc_auc"].value > 0.99
    model.save(tmp_path / "model")
    new = pl.DataFrame({"name": ["Petrova", "Kovačich", None]})
    before, after = model.predict(new), load(tmp_path / "model").predict(new)
    np.testing.assert_array_equal(before["female"].response, after["female"].response)


def test_tasks_by_several_columns_of_text():
    frame = table(60).with_columns(pl.col("note").str.reverse().alias("title"))
    data = MultiTaskDataset.from_table(
        frame, [Task("liked", "binary")], columns={"note,title": "text"}
    )
    schemas = fit_schemas(data)
    network = HardSharing(SMALL["LSTM"]).build(schemas, data.tasks, 0)
    blocks = make_blocks(data.tasks, schemas)
    rows = to_tensors(encode(data.sources, data.tasks, schemas, blocks))
    assert score(network, rows)["table", blocks[0].name].isfinite().all()


@pytest.mark.parametrize("encoder", [SMALL["LSTM"], SMALL["TemporalCNN"]], ids=["LSTM", "CNN"])
def test_sources_with_other_columns_beside_their_steps_meet(encoder):
    first = table(40).select("note", "liked")
    second = table(40, seed=1).select("note", "age", "liked")
    data = MultiTaskDataset.from_sources(
        {"first": first, "second": second}, ["liked"], columns={"note": "text"}
    )
    schemas = fit_schemas(data)
    network = HardSharing(encoder).build(schemas, data.tasks, 0)
    rows = to_tensors(encode(data.sources, data.tasks, schemas, make_blocks(data.tasks, schemas)))
    assert all(scores.isfinite().all() for scores in score(network, rows).values())


def test_steps_of_another_width_are_refused_before_pytorch_reads_beyond_them():
    (layer,) = LSTM(width=4, dropout=0.0).stages((7, 5))
    with pytest.raises(ValueError, match="steps of 5 features are expected, and 6 came"):
        layer(State(torch.zeros(2, 7, 6), torch.ones(2, 7, dtype=bool)))
