"""Marginals of linked steps, against sums over all paths."""

import itertools

import numpy as np
import polars as pl
import pytest
import torch

import polytask
from polytask import Task
from polytask._recipes import from_json, to_json
from polytask.architectures import HardSharing, SingleTask
from polytask.architectures._tag_chain import chained
from polytask.data import MultiTaskDataset, encode, fit_schemas, make_blocks
from polytask.encoders import LSTM, TemporalCNN
from polytask.exceptions import ParameterError
from polytask.losses import MultiTaskLoss
from polytask.neural_network import MultiTaskNetwork
from polytask.tasks import NO_STEP, Tokens, named_kind
from polytask.training import Trainer


def by_all_paths(emissions, transitions):
    """Marginals (l, c) of one row, path by path."""
    n_steps, n_tags = emissions.shape
    totals = np.zeros((n_steps, n_tags))
    for path in itertools.product(range(n_tags), repeat=n_steps):
        score = sum(emissions[t, tag] for t, tag in enumerate(path))
        score += sum(transitions[a, b] for a, b in itertools.pairwise(path))
        totals[np.arange(n_steps), path] += np.exp(score)
    return totals / totals.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("n_tags", [2, 3])
def test_marginals_are_those_of_all_paths(n_tags, own):
    generator = torch.Generator().manual_seed(n_tags)
    draw = lambda *shape: 2 * torch.randn(*shape, generator=generator, dtype=torch.float64)  # noqa: E731
    lengths = torch.tensor([[1, 4], [2, 3], [4, 1], [3, 3]])
    emissions = draw(4, 2, 4, n_tags)
    transitions = draw(2, n_tags, n_tags)
    if own:
        emissions, lengths = emissions[:, :1], lengths[:, :1]
        transitions = draw(4, 1, n_tags, n_tags)
    got = chained(emissions, transitions, lengths).softmax(-1).numpy()
    for row, task in itertools.product(range(4), range(emissions.shape[1])):
        length = int(lengths[row, task])
        of_task = transitions[row, 0] if own else transitions[task]
        wanted = by_all_paths(emissions[row, task, :length].numpy(), of_task.numpy())
        np.testing.assert_allclose(got[row, task, :length], wanted, atol=1e-12)


def test_gradients_are_those_of_differences():
    generator = torch.Generator().manual_seed(0)
    emissions = torch.randn(2, 1, 3, 2, generator=generator, dtype=torch.float64)
    transitions = torch.randn(1, 2, 2, generator=generator, dtype=torch.float64)
    lengths = torch.tensor([[3], [2]])
    inputs = emissions.requires_grad_(), transitions.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda e, t: chained(e, t, lengths).log_softmax(-1)[:, :, :2], inputs
    )


@pytest.mark.parametrize("size", [1.0, 1e4])
def test_extreme_scores_have_finite_gradients(size):
    emissions = (size * torch.randn(3, 2, 50, 4)).requires_grad_()
    transitions = (size * torch.randn(2, 4, 4)).requires_grad_()
    logs = chained(emissions, transitions, torch.full((3, 1), 50)).log_softmax(-1)
    logs[..., 0].sum().backward()
    assert logs.isfinite().all()
    assert emissions.grad.isfinite().all()
    assert transitions.grad.isfinite().all()


def stays_table(n_rows=160, seed=0):
    """Two tags that change seldom and are seen in some of the steps: neighbours say the rest."""
    rng = np.random.default_rng(seed)
    words, tags = [], []
    for _ in range(n_rows):
        length = int(rng.integers(1, 9))
        states = np.logical_xor.accumulate(np.r_[rng.random() < 0.5, rng.random(length - 1) < 0.05])
        seen = rng.random(length) < 0.3
        words.append(" ".join(np.where(seen, np.where(states, "b", "a"), "_")))
        tags.append(" ".join(np.where(states, "B", "A")))
    others = [row.replace("A", "C") for row in tags]
    tags[2] = None
    mood = [int(row.count("b") > row.count("a")) for row in words]
    return pl.DataFrame({"w": words, "t": tags, "u": others, "mood": mood})


def stays(kinds=("tokens:crf", "tokens")):
    tasks = [Task("t", kinds[0]), Task("u", kinds[1]), Task("mood", "binary")]
    return MultiTaskDataset.from_table(stays_table(40), tasks, columns={"w": "tokens"})


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_under_autocast_the_chain_is_computed_in_single_precision(half):
    generator = torch.Generator().manual_seed(0)
    emissions = (torch.randn(3, 2, 9, 4, generator=generator) * 4).to(half)
    transitions = torch.randn(2, 4, 4, generator=generator).mul(8).requires_grad_()
    lengths = torch.tensor([[9], [4], [1]])
    wanted = chained(emissions.float(), transitions, lengths)
    with torch.autocast("cpu", dtype=half):
        found = chained(emissions, transitions, lengths)
    torch.testing.assert_close(found, wanted)
    found.log_softmax(-1)[..., 0].sum().backward()
    assert torch.isfinite(transitions.grad).all()


@pytest.mark.parametrize("recipe", [HardSharing, SingleTask])
def test_transitions_belong_to_their_task(recipe):
    data = stays(("tokens:crf", "tokens:crf"))
    schemas = fit_schemas(data)
    network = recipe(LSTM(4, word_dim=3)).build(schemas, data.tasks, seed=0)
    ((transitions, owned),) = [
        (parameter, owned)
        for name, parameter in network.named_parameters()
        for owned in network.owners()
        if name.endswith("transitions") and owned.tensor is parameter
    ]
    assert transitions.shape == (2, 2, 2)
    assert (owned.tasks, owned.axis) == (("t", "u"), 0)


def test_without_transitions_scores_are_those_of_plain_tags():
    plain, linked = stays(("tokens", "tokens")), stays(("tokens:crf", "tokens:crf"))
    schemas = fit_schemas(plain)
    recipe = HardSharing(LSTM(4, word_dim=3))
    networks = [
        recipe.build(fit_schemas(data), data.tasks, seed=0).eval() for data in (plain, linked)
    ]
    blocks = make_blocks(plain.tasks, schemas)
    rows = encode(plain.sources, plain.tasks, schemas, blocks)
    batch = {name: part.map(torch.as_tensor) for name, part in rows.items()}
    losses = [
        MultiTaskLoss(network.blocks, data.tasks)(network(batch), batch)[0]
        for network, data in zip(networks, (plain, linked), strict=True)
    ]
    torch.testing.assert_close(losses[0], losses[1])
    losses[1][1].backward()
    (transitions,) = [p for n, p in networks[1].named_parameters() if "transitions" in n]
    assert not transitions.grad[0].any()
    assert transitions.grad[1].any()
    raw = networks[1](batch)["table", blocks[0].name]
    there = batch["table"].inputs["tokens:w"] > 0
    steps = raw.view(*raw.shape[:2], there.shape[1], 2)
    assert ((steps == NO_STEP).all(-1) == ~there[:, None]).all()


@pytest.mark.slow
def test_neighbours_tell_what_a_step_does_not():
    """Words alone leave seven of ten steps open; transitions carry tags on to them."""

    frame, test = stays_table(400), stays_table(300, seed=1)
    right = {}
    for kind in ("tokens", "tokens:crf"):
        tasks = [Task("t", kind), Task("mood", "binary")]
        data = MultiTaskDataset.from_table(frame.drop("u"), tasks, columns={"w": "tokens"})
        trainer = Trainer(steps=200, batch_size=64, learning_rate=2e-2)
        model = MultiTaskNetwork(
            HardSharing(TemporalCNN((16,), kernel=1, word_dropout=0.0)), trainer
        ).fit(data, data, seed=0)
        decided = model.predict(test)["t"].decision
        labelled = test["t"].is_not_null().to_numpy()
        truth = " ".join(test["t"].drop_nulls()).split()
        answered = " ".join(decided[labelled]).split()
        right[kind] = np.mean(np.array(answered) == np.array(truth))
    assert right["tokens:crf"] > right["tokens"] + 0.1


def test_a_bundle_keeps_transitions(tmp_path):
    data = stays()
    trainer = Trainer(steps=5, batch_size=16, learning_rate=1e-1)
    model = MultiTaskNetwork(HardSharing(LSTM(4, word_dim=3)), trainer).fit(data, data, seed=0)
    model.save(tmp_path / "model")
    again = polytask.load(tmp_path / "model")
    assert any("transitions" in name for name in again.model.network.state_dict())
    for task in ("t", "u"):
        before, after = (m.predict(stays_table(9))[task].response for m in (model, again))
        np.testing.assert_array_equal(before, after)


def test_the_text_of_the_kind():
    assert named_kind("tokens:crf") == named_kind("Tokens:CRF") == Tokens(crf=True)
    assert named_kind("tokens") == Tokens()
    assert "crf" not in str(to_json(Tokens()))  # as files without it were written
    assert from_json(to_json(Tokens(crf=True))) == Tokens(crf=True)
    with pytest.raises(ParameterError, match="`crf` parameter of kind tokens must be crf, or noth"):
        named_kind("tokens:hmm")
