"""Text models of Hugging Face from local folders."""

import json
import socket
import sys

import numpy as np
import polars as pl
import pytest
import torch
from forgery import files_of, resealed
from safetensors.torch import load_file, save_file
from small_architectures import small_architectures

from polytask import MultiTaskDataset, load
from polytask.architectures import Adapters, HardSharing, SingleTask
from polytask.data import encode, fit_schemas, make_blocks, unseen_notes
from polytask.encoders import LSTM, MLP, ByRole, HuggingFaceText, advance
from polytask.evaluation import evaluate
from polytask.exceptions import BundleError, DataError, MissingDependencyError, ParameterError
from polytask.gradients import gramian, per_task_jacobian
from polytask.losses import MultiTaskLoss
from polytask.neural_network import MultiTaskNetwork
from polytask.testing import check_architecture
from polytask.training import Trainer, to_tensors
from polytask.training._score import score

tokenizers = pytest.importorskip("tokenizers", reason="needs polytask[text]")
transformers = pytest.importorskip("transformers", reason="needs polytask[text]")

BYTES = {"camembert", "mpnet", "roberta", "xlm-roberta"}
SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 40,
}
TEXTS = [
    "the quick brown fox jumps over the lazy dog",
    "good bad film movie was not so fly to from rome oslo bonn fares",
]
TRAINER = Trainer(steps=3, batch_size=8)


def word_pieces():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=70, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_truncation(6)  # of pretraining, which is none of ours
    tokenizer.enable_padding(length=6)
    return tokenizer


def byte_pieces():
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=290,
        special_tokens=["<s>", "<pad>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


def made(kind, folder, **changes):
    """A small model of random weights, as a file of a model for pretraining keeps it."""
    folder.mkdir(exist_ok=True)
    tokenizer = byte_pieces() if kind in BYTES else word_pieces()
    sizes = {**SIZES, "vocab_size": tokenizer.get_vocab_size(), **changes}
    if kind in BYTES:
        sizes["pad_token_id"] = 1
    if kind in {"albert", "electra"}:
        sizes["embedding_size"] = 8
    config = transformers.AutoConfig.for_model(kind, **sizes)
    torch.manual_seed(0)
    model = transformers.AutoModel.from_config(config).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    tensors = {f"{kind}.{n}": t.contiguous() for n, t in model.state_dict().items()}
    save_file({**tensors, "cls.bias": torch.ones(3)}, folder / "model.safetensors")
    (folder / "config.json").write_text(config.to_json_string(use_diff=False))
    tokenizer.save(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return model, tokenizer


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "bert"
    made("bert", folder)
    return str(folder)


def table(n_rows=40, role="tokens"):
    """Questions with a slot per word, a label of the whole row, and numbers beside them."""
    rng = np.random.default_rng(0)
    towns, rows = ["rome", "oslo", "bonn"], []
    for row in range(n_rows):
        words = ["fly", "jumping", *rng.choice(["the", "quick", "fox"], row % 4)]
        slots = ["O"] * len(words)
        words += ["to", rng.choice(towns)]
        slots += ["O", "B-to"]
        rows.append((" ".join(words), " ".join(slots), row % 2, float(row), float(len(words))))
    frame = pl.DataFrame(rows, schema=["words", "slots", "liked", "age", "length"], orient="row")
    tasks = ["slots:tokens", "liked:binary", "length:regression"]
    frame = frame if role == "tokens" else frame.drop("slots")
    tasks = tasks if role == "tokens" else tasks[1:]
    return MultiTaskDataset.from_table(frame, tasks, columns={"words": role})


def features(encoder, data):
    schemas = fit_schemas(data, tokenizer=encoder.tokenizer)
    (source,) = data.sources
    arrays = schemas[source.name].encode(source)
    state = encoder.entry(schemas[source.name].parts).eval()(
        {name: torch.as_tensor(array) for name, array in arrays.items()}
    )
    for stage in encoder.stages(tuple(state.values.shape[1:])):
        state = advance(stage.eval(), state)
    return state


@pytest.mark.parametrize(
    "kind",
    [
        "bert",
        "roberta",
        *(
            pytest.param(kind, marks=pytest.mark.slow)
            for kind in (
                "albert",
                "camembert",
                "distilbert",
                "electra",
                "ernie",
                "mpnet",
                "xlm-roberta",
            )
        ),
    ],
)
def test_features_are_those_of_transformers(kind, tmp_path):
    model, tokenizer = made(kind, tmp_path / "model")
    texts = ["the quick fox", "Good movies, was not so bad!", "", None, "fares to oslo" * 3]
    for role in ("text", "tokens"):
        data = MultiTaskDataset.from_table(
            {"note": texts, "y": [0, 1, 0, 1, 0]}, ["y:binary"], columns={"note": role}
        )
        pooled = {
            pooling: features(
                HuggingFaceText(str(tmp_path / "model"), pooling=pooling), data
            ).values
            for pooling in ("first", "mean")
        }
        for row, text in enumerate(texts):
            words = (text or "").split()
            before = " " if role == "tokens" and words and kind in BYTES else ""
            read = tokenizer.encode(words or "", is_pretokenized=bool(words))
            if role == "text" or before:
                read = tokenizer.encode(before + (text or ""))
            with torch.no_grad():
                (expected,) = model(input_ids=torch.tensor([read.ids])).last_hidden_state
            torch.testing.assert_close(pooled["first"][row], expected[0], rtol=0, atol=1e-5)
            torch.testing.assert_close(pooled["mean"][row], expected.mean(0), rtol=0, atol=1e-5)


def test_a_word_is_its_first_piece(bert):
    model = transformers.AutoModel.from_pretrained(bert, local_files_only=True).eval()
    tokenizer = tokenizers.Tokenizer.from_file(f"{bert}/tokenizer.json")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    only = MultiTaskDataset.from_table(
        {"words": ["jumping \u200b fox", "fly"], "slots": ["a b c", "a"]},
        ["slots:tokens"],
        columns={"words": "tokens"},
    )
    state = features(HuggingFaceText(bert), only)
    read = tokenizer.encode(["jumping", "[UNK]", "fox"], is_pretokenized=True)
    firsts = [read.word_ids.index(word) for word in range(3)]
    with torch.no_grad():
        (expected,) = model(input_ids=torch.tensor([read.ids])).last_hidden_state
    torch.testing.assert_close(state.values[0, :3], expected[firsts], rtol=0, atol=1e-5)
    assert state.mask.sum(dim=1).tolist() == [len(read.ids), len(tokenizer.encode("fly").ids)]


QUICK = {"Adapters", "CrossStitch", "HardSharing", "Hierarchical", "LoRA", "MMoE", "SingleTask"}


@pytest.mark.parametrize(
    "names", [QUICK, pytest.param(None, marks=pytest.mark.slow)], ids=["some", "all"]
)
def test_architectures_take_it(names, bert):
    data = table(6)
    encoder = HuggingFaceText(bert)
    schemas = fit_schemas(data, tokenizer=encoder.tokenizer)
    blocks = make_blocks(data.tasks, schemas)
    rows = to_tensors(encode(data.sources, data.tasks, schemas, blocks))
    refused = {}
    for title, architecture in small_architectures(encoder).items():
        if architecture.refuses(data.tasks) is not None or (names and title not in names):
            continue
        try:
            network = architecture.build(schemas, data.tasks, 0)
        except ParameterError as error:
            refused[title] = str(error)
            continue
        assert all(scores.isfinite().all() for scores in score(network, rows).values()), title
    said = {
        "AITM": "ends in vectors",
        "Routed": "rows that each belong to one task",
        "Sluice": "stages of equally many channels",
    }
    assert refused.keys() == (set() if names else said.keys())
    assert all(said[title] in sentence for title, sentence in refused.items())


@pytest.mark.slow
@pytest.mark.parametrize("freeze", [False, True])
@pytest.mark.parametrize("architecture", [HardSharing, SingleTask, Adapters])
def test_common_checks(architecture, freeze, bert):
    check_architecture(architecture(HuggingFaceText(bert, freeze=freeze)), [table(24)])


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["layerwise", "batched", "per_task"])
def test_engines_agree_on_the_gramian(engine, bert):
    data, recipe = table(12), HardSharing(HuggingFaceText(bert))
    schemas = fit_schemas(data, tokenizer=recipe.tokenizer)
    network = recipe.build(schemas, data.tasks, 0).eval()
    rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    loss, shared = MultiTaskLoss(network.blocks, network.tasks), network.shared_parameters()
    jacobian = per_task_jacobian(loss(network(rows), rows)[0], shared)
    measured = gramian(loss(network(rows), rows)[0], shared, engine=engine)
    torch.testing.assert_close(measured, jacobian @ jacobian.T, rtol=1e-4, atol=1e-5)


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*arguments):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.usefixtures("no_network")
def test_a_saved_model_needs_no_folder(tmp_path):
    made("distilbert", tmp_path / "model")
    data = table()
    learner = MultiTaskNetwork(HardSharing(HuggingFaceText(str(tmp_path / "model"))), TRAINER)
    predictor = learner.fit(data, None)
    predictor.save(tmp_path / "saved")
    for path in (tmp_path / "model").iterdir():
        path.unlink()
    (tmp_path / "model").rmdir()
    loaded = load(tmp_path / "saved")
    new = pl.DataFrame({"words": ["fly to bonn", "", None, "the fox " * 30], "age": [1.0] * 4})
    assert (
        "transformers" in json.loads((tmp_path / "saved" / "bundle.json").read_text())["versions"]
    )
    before, after = predictor.predict(new), loaded.predict(new)
    for task in data.tasks.names:
        np.testing.assert_array_equal(before[task].raw, after[task].raw)
    assert [len(tags.split()) for tags in after["slots"].decision][:3] == [3, 0, 0]
    assert "words: of 1 row only the first" in " ".join(after.notes)
    with pytest.raises(ParameterError, match=r"nothing is fetched from a network"):
        MultiTaskNetwork(loaded.model.architecture, TRAINER).fit(data, None)


def test_frozen_weights_stay(bert):
    held = load_file(f"{bert}/model.safetensors")
    learner = MultiTaskNetwork(HardSharing(HuggingFaceText(bert, freeze=True)), TRAINER)
    network = learner.fit(table(), None).model.network
    own = dict(network.named_parameters())
    for name, of_file in (
        ("word_embeddings", "embeddings."),
        ("0.stage.stage.layer.attention.self.query", "encoder.layer."),
    ):
        (found,) = (tensor for key, tensor in own.items() if key.endswith(f"{name}.weight"))
        there = f"bert.{of_file}{name.replace('.stage.stage.layer', '')}.weight"
        torch.testing.assert_close(found, held[there], rtol=0, atol=0)
    assert not network.inputs[0].embeddings.training
    trained = [name for name, tensor in network.named_parameters() if tensor.requires_grad]
    assert trained
    assert not [name for name in trained if "layer.attention" in name or "embeddings" in name]


def test_what_is_decided_is_said(bert):
    data = (
        table()
        .sources[0]
        .inputs.with_columns(pl.Series("y", [0, 1] * 20), pl.col("words") + " the fox" * 20)
    )
    data = MultiTaskDataset.from_table(data, ["y:binary"], columns={"words": "text"})
    notes = " ".join(MultiTaskNetwork(HardSharing(HuggingFaceText(bert))).notes(data))
    assert "words: the first 40 pieces of words of a row are read, and the longest" in notes
    assert "model.safetensors gives 37 of the 37 tensors of BertModel; not used: " in notes
    assert "learning_rate=5e-05" in notes
    assert not HuggingFaceText(bert, freeze=True).training.get("learning_rate")


def test_labels_of_words_without_a_place_are_left_out(bert):
    rows = {"words": ["fox " * 60, "fly to rome"] * 4, "slots": ["a b " * 30, "a a b"] * 4}
    data = MultiTaskDataset.from_table(rows, ["slots:tokens"], columns={"words": "tokens"})
    encoder = HuggingFaceText(bert)
    schemas = fit_schemas(data, tokenizer=encoder.tokenizer)
    blocks = make_blocks(data.tasks, schemas)
    batch = encode(data.sources, data.tasks, schemas, blocks)["table"]
    assert batch.targets[blocks[0].name].mask.sum(axis=(1, 2))[:2].tolist() == [19, 3]
    history = MultiTaskNetwork(HardSharing(encoder), TRAINER).fit(data, None).history
    assert history.epochs[-1].train_losses["slots"] < 10
    rows["slots"] = ["a b " * 31, "a a b"] * 4
    data = MultiTaskDataset.from_table(rows, ["slots:tokens"], columns={"words": "tokens"})
    schemas = fit_schemas(data, tokenizer=encoder.tokenizer)
    blocks = make_blocks(data.tasks, schemas)
    with pytest.raises(DataError, match=r"has labels up to step 62"):
        encode(data.sources, data.tasks, schemas, blocks)


def test_rows_of_more_tokens_or_pieces_than_are_read_are_counted(bert):
    rows = {"words": ["fox rome", "fly"] * 4, "note": ["fox", "fly"] * 4, "y": [0, 1] * 4}
    roles = {"words": "tokens=2", "note": "text=4"}
    data = MultiTaskDataset.from_table(rows, ["y:binary"], columns=roles)
    schemas = fit_schemas(data, tokenizer=HuggingFaceText(bert).tokenizer)
    new = pl.DataFrame({"words": ["fox fly rome", "fly"], "note": ["the quick fox", "fly"]})
    assert unseen_notes(new, schemas.values()) == (
        "words: of 1 row only the first 2 tokens are read, as in fitting",
        "note: of 1 row only the first 4 pieces of words are read, as in fitting",
    )


def test_columns_of_text_share_the_places(bert):
    rows = {
        "title": ["the fox", "a good movie"] * 4,
        "body": ["the lazy dog " * 20, "fly"] * 4,
        "age": np.arange(8.0),
        "y": [0, 1] * 4,
    }
    roles = {"title": "text", "body": "text"}
    data = MultiTaskDataset.from_table(rows, ["y:binary"], columns=roles)
    encoder = HuggingFaceText(bert)
    parts = {p.name: p for p in fit_schemas(data, tokenizer=encoder.tokenizer)["table"].parts}
    title, body = parts["text:title"].shape[0], parts["text:body"].shape[0]
    assert title + body == 40
    assert title == parts["text:title"].longest
    assert MultiTaskNetwork(HardSharing(encoder), TRAINER).fit(data, None)
    declared = MultiTaskDataset.from_table(
        rows, ["y:binary"], columns={"title": "text=9", "body": "text=7"}
    )
    schemas = fit_schemas(declared, tokenizer=encoder.tokenizer)
    assert [part.shape for part in schemas["table"].parts[1:]] == [(9,), (7,)]


def test_with_encoders_of_other_columns(bert, tmp_path):
    made("roberta", tmp_path / "other")
    other = str(tmp_path / "other")
    rows = {
        "review": ["the fox was good", "bad movie"] * 8,
        "path": [["home", "cart"], ["home"]] * 8,
        "age": np.arange(16.0),
        "y": [0, 1] * 8,
    }
    data = MultiTaskDataset.from_table(rows, ["y:binary"], columns={"review": "text"})
    encoder = ByRole({"text": HuggingFaceText(bert), "tokens": LSTM(4)}, rest=MLP((4,)))
    schemas = fit_schemas(data, tokenizer=HardSharing(encoder).tokenizer)
    assert [p.has_pieces for p in schemas["table"].parts if p.has_steps] == [True, False]
    assert encoder.training["learning_rate"] == 5e-5
    assert MultiTaskNetwork(HardSharing(encoder), TRAINER).fit(data, None)
    with pytest.raises(ParameterError, match="text models of one tokenizer"):
        _ = ByRole({"text": HuggingFaceText(bert)}, rest=HuggingFaceText(other)).tokenizer


def test_sources_have_all_or_none_columns_beside_their_text(bert):
    first = {"note": ["fly", "fox"] * 4, "y": [0, 1] * 4}
    second = {**first, "age": np.arange(8.0)}
    learner = MultiTaskNetwork(HardSharing(HuggingFaceText(bert)), TRAINER)
    data = MultiTaskDataset.from_sources(
        {"first": first, "second": second}, ["y:binary"], columns={"note": "text"}
    )
    assert "all sources, or none, have columns beside" in learner.refuses(data)
    data = MultiTaskDataset.from_sources(
        {"first": first, "second": first}, ["y:binary"], columns={"note": "text"}
    )
    assert learner.fit(data, None)


def test_words_of_a_free_text_cannot_be_labelled(bert):
    rows = {"words": ["fly to rome", "the fox"] * 4, "slots": ["O O B", "O O"] * 4}
    data = MultiTaskDataset.from_table(rows, ["slots:tokens"], columns={"words": "text"})
    refusal = MultiTaskNetwork(HardSharing(HuggingFaceText(bert)), TRAINER).refuses(data)
    assert "Declare words that stand between blanks (--column words:tokens)" in refusal
    numbers = MultiTaskDataset.from_table({"x": [1.5, 2.0] * 4, "y": [0, 1] * 4}, ["y:binary"])
    refusal = MultiTaskNetwork(HardSharing(HuggingFaceText(bert)), TRAINER).refuses(numbers)
    assert "where rows have text or tokens. Got numeric" in refusal


def test_schemas_without_the_tokenizer_are_refused(bert):
    data = table(8)
    with pytest.raises(ParameterError, match=r"tokenizer=architecture\.tokenizer"):
        HardSharing(HuggingFaceText(bert)).build(fit_schemas(data), data.tasks, 0)


def network_of(folder, data):
    architecture = HardSharing(HuggingFaceText(str(folder)))
    schemas = fit_schemas(data, tokenizer=architecture.tokenizer)
    return architecture.build(schemas, data.tasks, 0)


def without(name):
    return lambda folder: (folder / name).unlink()


def with_config(**changes):
    def change(folder):
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **changes}))

    return change


def as_pickle(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def of_another_model(folder):
    save_file({"conv.weight": torch.ones(3)}, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (without("config.json"), r"must hold a config\.json that can be read.*No such file"),
        (without("tokenizer.json"), r"must hold a tokenizer\.json.*save_pretrained"),
        (without("model.safetensors"), r"has none; copy the file there, or say `pretrained=False`"),
        (as_pickle, r"has a pickle, which could run code\. Convert it where you trust it"),
        (of_another_model, r"None of the 1 tensors of model\.safetensors fits: conv\.weight"),
        (with_config(is_encoder_decoder=True, model_type="t5"), r"must hold an encoder.*'t5'"),
        (with_config(model_type="gpt2"), r"of type albert, bert, .*Got type 'gpt2'"),
        (with_config(vocab_size=20), r"hold a model for its tokenizer, with at least"),
        (with_config(num_attention_heads=3), r"transformers can build a model from"),
        (with_config(hidden_act="none"), r"transformers can build a model from"),
        (
            lambda folder: (folder / "tokenizer.json").write_text("{}"),
            r"`tokenizer` parameter must be that of a pretrained model.*It cannot be read",
        ),
    ],
)
def test_folders_are_refused_in_words(change, sentence, tmp_path):
    made("bert", tmp_path / "model")
    change(tmp_path / "model")
    data = table(8)
    with pytest.raises(ParameterError, match=sentence):
        network_of(tmp_path / "model", data)


def test_weights_that_are_drawn_need_no_file(tmp_path):
    made("bert", tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").unlink()
    encoder = HuggingFaceText(str(tmp_path / "model"), pretrained=False)
    assert MultiTaskNetwork(HardSharing(encoder, "orthogonal"), TRAINER).fit(table(), None)
    assert encoder.training["learning_rate"] == 5e-4


def test_a_folder_that_changed_is_refused(tmp_path):
    made("bert", tmp_path / "model")
    encoder = HuggingFaceText(str(tmp_path / "model"))
    made("bert", tmp_path / "model", hidden_act="relu")
    with pytest.raises(ParameterError, match="held other files when the recipe was made"):
        _ = encoder.tokenizer


def test_files_of_weights_in_parts_and_older_names(tmp_path):
    model, _ = made("bert", tmp_path / "model")
    folder = tmp_path / "model"
    held = load_file(folder / "model.safetensors")
    held = {name.replace("LayerNorm.weight", "LayerNorm.gamma"): t for name, t in held.items()}
    (folder / "model.safetensors").unlink()
    names = sorted(held)
    parts = {"model-1.safetensors": names[:9], "model-2.safetensors": names[9:]}
    for file, own in parts.items():
        save_file({name: held[name] for name in own}, folder / file)
    index = {"weight_map": {name: file for file, own in parts.items() for name in own}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    stages = HuggingFaceText(str(folder)).stages((9, 16))
    expected = model.encoder.layer[0].output.LayerNorm.weight
    torch.testing.assert_close(stages[0].layer.output.LayerNorm.weight, expected)
    index["weight_map"][names[0]] = "../model.safetensors"
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ParameterError, match="names no files"):
        HuggingFaceText(str(folder))


@pytest.fixture(scope="module")
def saved(bert, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "model"
    learner = MultiTaskNetwork(HardSharing(HuggingFaceText(bert)), Trainer(steps=1, batch_size=8))
    learner.fit(table(), None).save(folder)
    return files_of(folder)


def forged_schema(change):
    def forge(files):
        manifest = json.loads(files["bundle.json"])
        change(manifest["schemas"]["table"])
        return {}, {"schemas": manifest["schemas"]}

    return forge


def forged_tokenizer(change):
    def forge(schema):
        tokenizer = json.loads(schema["tokenizers"][0])
        change(tokenizer)
        schema["tokenizers"] = [json.dumps(tokenizer)]

    return forged_schema(forge)


def forged_column(**changes):
    def forge(schema):
        (column,) = (c for c in schema["columns"] if c["encoder"] == "pieces")
        column.update(changes)

    return forged_schema(forge)


def forged_config(**changes):
    def forge(files):
        recipe = json.loads(files["architecture.json"])
        encoder = recipe["parameters"]["encoder"]["parameters"]
        encoder["config"] = json.dumps({**json.loads(encoder["config"]), **changes})
        return {"architecture.json": json.dumps(recipe).encode()}, {}

    return forge


@pytest.mark.parametrize(
    ("forge", "sentence"),
    [
        (forged_column(pieces=3), r"the tokenizer of column 'words' is missing"),
        (forged_column(steps=2), r"reads no piece of its text"),
        (forged_column(steps=41), r"hold a model for its tokenizer"),
        (forged_column(longest=0), r"`longest`"),
        (forged_column(read="image"), r"`read`"),
        (forged_schema(lambda s: s.update(tokenizers=["{}"])), r"cannot be read"),
        (forged_schema(lambda s: s.update(tokenizers=["[1"])), r"cannot be read"),
        (
            forged_tokenizer(lambda t: t["model"]["vocab"].update(the=10**9)),
            r"numbers its pieces up to",
        ),
        (
            forged_tokenizer(lambda t: t["model"]["vocab"].update(zzz=5000)),
            r"model for its tokenizer",
        ),
        (
            forged_tokenizer(
                lambda t: t["post_processor"]["special_tokens"]["[CLS]"].update(ids=[10**6])
            ),
            r"none of its vocabulary",
        ),
        (
            forged_tokenizer(
                lambda t: t.update(normalizer={"type": "Prepend", "prepend": "a" * 20_000})
            ),
            r"make a text more than 16,384 times as long",
        ),
        (forged_config(model_type="timm_backbone"), r"must hold a model of type"),
        (forged_config(auto_map={"AutoModel": "evil--x.y"}), r"numbers and texts by name"),
        (forged_config(_attn_implementation="evil/kernel"), r"numbers and texts by name"),
        (forged_config(num_hidden_layers=10**7), r"more parameters than"),
        (forged_config(vocab_size=10**9), r"more parameters than|memory"),
        (forged_config(hidden_size=32), r"saved weights"),
    ],
)
def test_forged_models_are_refused_in_words(forge, sentence, saved, tmp_path):
    files, changes = forge(saved)
    folder = resealed({**saved, **files}, tmp_path / "model", **changes)
    with pytest.raises(BundleError, match=sentence):
        load(folder)


def test_what_is_not_installed_is_said(bert, saved, tmp_path, monkeypatch):
    data = table(8)
    schemas = fit_schemas(data, tokenizer=HuggingFaceText(bert).tokenizer)
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingDependencyError, match=r"polytask\[text\]"):
        HardSharing(HuggingFaceText(bert)).build(schemas, data.tasks, 0)
    folder = resealed(saved, tmp_path / "model")
    with pytest.raises(BundleError, match=r"Install it: pip install 'polytask\[text\]"):
        load(folder)


@pytest.mark.slow
def test_sentences_and_slots_are_learned_together(bert):
    train, test = table(160), table(160).take({"table": np.arange(120, 160)})
    encoder = HuggingFaceText(bert, pretrained=False)
    trainer = Trainer(steps=300, batch_size=32, learning_rate=3e-3)
    model = MultiTaskNetwork(HardSharing(encoder), trainer).fit(
        train.take({"table": np.arange(120)}), None, seed=0
    )
    figures = evaluate(model, test)
    assert figures["slots"]["chunk_f1"].value > 0.95
    assert figures["length"]["nmse"].value < 0.1
