"""Networks of the user's own that give wrong shapes or forms, and stages that do not fit."""

import re
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from polytask.architectures import Architecture, Branching, HardSharing, Heads, Separate
from polytask.architectures._hard_sharing import HardSharingNetwork
from polytask.data import encode, fit_schemas
from polytask.encoders import MLP, Encoder, State
from polytask.exceptions import ParameterError
from polytask.testing import tiny_dataset
from polytask.training import Trainer, to_tensors

KINDS = ["regression", "binary", "regression"]


class Given(HardSharingNetwork):
    """A network whose scores are changed before they are given."""

    change = staticmethod(lambda raw: raw)

    def features(self, batch):
        return None

    def forward(self, batch):
        return self.change(self.answer(HardSharingNetwork.features(self, batch), batch))


@dataclass(frozen=True)
class Users(Architecture):
    """A recipe of the user's own."""

    change: object = None

    def build(self, schemas, tasks, seed):
        network = Given(MLP((4,)), schemas, tasks)
        network.change = self.change
        return network


def without(raw, position):
    return {key: scores for i, (key, scores) in enumerate(raw.items()) if i != position}


def squeezed(raw):
    return {key: scores.squeeze(-1) for key, scores in raw.items()}


def doubled(raw):
    return {key: scores.repeat(1, 2, 1) for key, scores in raw.items()}


WRONG = [
    (squeezed, r"Given must give scores of shape (N, 2, 1) for block 'regression-1-0' of source 'table' (task0, task2), (rows, tasks, scores). Got (N, 2) instead."),
    (doubled, r"Given must give scores of shape (N, 2, 1) for block 'regression-1-0' of source 'table' (task0, task2), (rows, tasks, scores). Got (N, 4, 1) instead."),
    (lambda raw: without(raw, 1), r"Given must give scores for block 'binary-1-1' of source 'table' (task1). Got those of ('table', 'regression-1-0') alone."),
    (lambda raw: next(iter(raw.values())), r"Given must give a mapping of (source, block name) to scores. Got a tensor of shape (N, 2, 1) instead; `polytask.architectures.Heads` makes one."),
    (lambda raw: {**raw, ("table", "count"): raw["table", "binary-1-1"]}, r"Given must give scores only of blocks that sources of the batch label. Got scores of ('table', 'count') beside those of ('table', 'regression-1-0'), ('table', 'binary-1-1')."),
    (dict.fromkeys, r"Given must give scores of shape (N, 2, 1) for block 'regression-1-0' of source 'table' (task0, task2), (rows, tasks, scores). Got None instead."),
]  # fmt: skip


@pytest.mark.parametrize(("change", "sentence"), WRONG)
@pytest.mark.usefixtures("unchecked_types")
def test_scores_of_a_wrong_shape_or_form(change, sentence):
    data = tiny_dataset(KINDS)
    pattern = re.escape(sentence.replace("(N,", "(60,"))
    with pytest.raises(ParameterError, match=f"^{pattern}$"):
        Trainer(steps=2).fit(Users(change), data, data)


def test_scores_of_rows_with_one_task():
    data = tiny_dataset(["regression"] * 2, own_rows=True)
    sentence = (
        r"scores of shape \(\d+, 1\) for block 'regression-1-0' .* since each row has one task"
    )
    with pytest.raises(ParameterError, match=sentence):
        Trainer(steps=2).fit(
            Users(lambda raw: {key: scores[:, None] for key, scores in raw.items()}), data, data
        )


def test_scores_that_fit_are_trained():
    data = tiny_dataset(KINDS)
    assert Trainer(steps=2).fit(Users(dict), data, data).history.n_steps == 2


class Loose(HardSharingNetwork):
    """A network whose features are plain tensors."""

    def features(self, batch):
        return {name: state.values for name, state in super().features(batch).items()}


@dataclass(frozen=True)
class LooseFeatures(Architecture):
    def build(self, schemas, tasks, seed):
        return Loose(MLP((4,)), schemas, tasks)


@pytest.mark.usefixtures("unchecked_types")
def test_features_that_are_no_states():
    data = tiny_dataset(KINDS)
    sentence = (
        r"must receive a State for every source\. Got Tensor for source 'table' instead; wrap"
    )
    with pytest.raises(ParameterError, match=sentence):
        Trainer(steps=2).fit(LooseFeatures(), data, data)
    sentence = (
        r"^`features` of Loose must return a mapping of source name to State\. Got a tensor .*"
    )
    with pytest.raises(ParameterError, match=sentence):
        Trainer(steps=2, aggregation="mgda", engine="features").fit(LooseFeatures(), data, data)


@dataclass(frozen=True)
class NoNetwork(Architecture):
    def build(self, schemas, tasks, seed):
        return nn.Linear(2, 2)


@pytest.mark.usefixtures("unchecked_types")
def test_a_module_that_is_no_network_of_tasks():
    data = tiny_dataset(KINDS)
    sentence = r"`build` of NoNetwork must return a MultiTaskModule\. Got an instance of Linear"
    with pytest.raises(ParameterError, match=sentence):
        Trainer(steps=2).fit(NoNetwork(), data, data)


def heads_of(data, **options):
    schemas = fit_schemas(data)
    network = HardSharing(MLP((4,))).build(schemas, data.tasks, 0)
    batch = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    return Heads(network.blocks, data.tasks, (4,), **options), batch


@pytest.mark.parametrize(
    ("per_task", "shape", "sentence"),
    [
        (False, (5, 7), r"must receive rows of 4 features, as their `shape` says\. Got features of shape \(5, 7\) for source 'table0' instead"),
        (True, (3, 5, 4), r"features of each task of source 'table0' along the first axis, 1 \(task0\)\. Got shape \(3, 5, 4\) instead"),
    ],
)  # fmt: skip
def test_features_that_do_not_fit_the_heads(per_task, shape, sentence):
    data = tiny_dataset(KINDS, own_tables=True)
    heads, batch = heads_of(data, per_task=per_task)
    name = next(iter(batch))
    with pytest.raises(ParameterError, match=sentence.replace("table0", name)):
        heads({name: State(torch.zeros(shape))}, batch)


def test_heads_of_a_source_without_their_tasks():
    heads, batch = heads_of(tiny_dataset(KINDS))
    with pytest.raises(ParameterError, match=r"Got source 'other', which labels none of them"):
        heads({"other": State(torch.zeros(5, 4))}, batch)


@dataclass(frozen=True)
class Misfits(Encoder):
    """Stages of which the second does not take what the first gives."""

    def stages(self, shape):
        return [nn.Linear(*shape, 6), nn.Sequential(nn.ReLU(), nn.Linear(8, 3))]


@pytest.mark.parametrize("recipe", [HardSharing, Branching, lambda e: Separate(HardSharing(e))])
def test_stages_that_do_not_fit_each_other(recipe):
    data = tiny_dataset(KINDS)
    sentence = (
        r"each takes what the one before gives\. Stage 2 of 2 cannot take rows of shape \(6,\) from "
        r"stage 1, for source 'table'\. It takes 8 features\. The module said: .*\."
    )
    with pytest.raises(ParameterError, match=sentence):
        recipe(Misfits()).build(fit_schemas(data), data.tasks, 0)
