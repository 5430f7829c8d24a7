"""Architectures of dependent tasks say which order they assume where none is stated."""

import gc
from dataclasses import replace

import pytest
import torch
from dependent_tasks import built, fed, funnel, scores_of

import polytask
from polytask.architectures import AITM, ESM2, ESMM, HardSharing, Hierarchical
from polytask.bookkeeping import Budget
from polytask.encoders import MLP
from polytask.exceptions import ParameterError
from polytask.neural_network import MergedNetwork, MultiTaskNetwork, _planned_network
from polytask.tasks import Task, TaskSet
from polytask.testing import check_architecture, tiny_dataset
from polytask.training import Trainer

SMALL = MLP((6, 6, 6))
CHAIN = funnel("binary", "binary", "binary")
PLAIN = fed(CHAIN, {})
MIXED = tiny_dataset(["regression", "binary"])


@pytest.mark.parametrize("kind", [AITM, ESM2, ESMM, Hierarchical])
def test_the_order_given_is_assumed_and_said(kind):
    note, *others = kind().notes(PLAIN.tasks)
    assert note.startswith(kind.__name__)
    assert "(task0, task1, task2), since none names another in `after`" in note
    assert "--after task1=task0" in note
    assert list(kind().notes(CHAIN.tasks)) == others  # of ESM2, that it is ESMM
    assert len(others) == (kind is ESM2)
    assert not kind().notes(PLAIN.tasks.subset(["task0"]))


@pytest.mark.parametrize("kind", [AITM, ESM2, ESMM])
def test_it_is_the_network_of_the_stated_chain(kind):
    plain, rows = built(kind(SMALL), PLAIN)
    chained, _ = built(kind(SMALL), CHAIN)
    expected = scores_of(chained, rows)
    for key, scores in scores_of(plain, rows).items():
        torch.testing.assert_close(scores, expected[key], rtol=0, atol=0)


def test_without_a_stated_order_aitm_does_not_calibrate():
    network, rows = built(AITM(SMALL), PLAIN)
    assert network.batch_penalty({}, network(rows), rows) is None


@pytest.mark.parametrize("kind", [ESM2, ESMM])
def test_tasks_of_several_kinds_share_the_entry(kind):
    (note,) = kind().notes(MIXED.tasks)
    assert "multiplies no probabilities and shares only the entry" in note
    assert built(kind(SMALL), MIXED)[0].upstream is None


@pytest.mark.parametrize("kind", [AITM, ESM2, ESMM, Hierarchical])
@pytest.mark.parametrize("options", [{"own_rows": True}, {"own_tables": True}, {}])
def test_contract_in_the_order_given(kind, options):
    check_architecture(kind(SMALL), [tiny_dataset(["binary"] * 3, **options)])


def test_fit_passes_the_note_on():
    learner = MultiTaskNetwork(Hierarchical(SMALL), Trainer(batch_size=16))
    with pytest.warns(UserWarning, match="low to high in the order given"):
        polytask.fit(PLAIN, learner, budget=Budget(steps=1))


def test_a_network_that_cannot_be_built_is_refused_before_any_run():
    learner = MultiTaskNetwork(Hierarchical(MLP((6,))))
    words = r"a stage for every level of tasks, of which there are 3 .*Got 1 stage; give more"
    with pytest.raises(ParameterError, match=words):
        polytask.compare(CHAIN, [learner, "linear"], seeds=1, quiet=True)
    assert "Got 1 stage" in learner.refuses(CHAIN)
    assert learner.refuses(PLAIN) is None


def test_a_module_that_needs_values_is_not_refused():
    def factory(shape):
        assert torch.zeros(1).item() == 0  # an error on the meta device
        return torch.nn.Linear(shape[0], 4)

    learner = MultiTaskNetwork(HardSharing(factory))
    assert learner.refuses(PLAIN) is None
    assert not learner.notes(PLAIN)


@pytest.mark.parametrize("kind", [MultiTaskNetwork, MergedNetwork])
def test_a_network_is_planned_once_for_a_data_set(kind):
    n_built = []

    def factory(shape):
        n_built.append(shape)
        return torch.nn.Linear(shape[0], 4)

    learner, data = kind(HardSharing(factory)), tiny_dataset(["regression", "binary"])
    for _ in range(2):
        assert learner.refuses(data) is None
        assert learner.notes(data) is not None
    once = len(n_built)
    assert learner.refuses(tiny_dataset(["regression"])) is None  # other data have another network
    assert len(n_built) == 2 * once
    assert kind(HardSharing(factory)).refuses(data) is None  # so has another architecture
    assert len(n_built) == 3 * once


def test_a_plan_goes_with_its_architecture_and_its_data_set():
    learner, data = MultiTaskNetwork(HardSharing(SMALL)), tiny_dataset(["regression"])
    n_before = len(_planned_network._PLANS)
    assert learner.refuses(data) is None
    del learner
    gc.collect()
    MultiTaskNetwork(HardSharing(SMALL)).refuses(data)
    assert len(_planned_network._PLANS[data]) == 1
    del data
    gc.collect()
    assert len(_planned_network._PLANS) <= n_before


def test_a_very_large_network_is_said_before_it_is_built():
    data = tiny_dataset(["regression", "binary"])
    note = MultiTaskNetwork(HardSharing(MLP((20_000, 5_000)))).notes(data)[0]
    assert "hard_sharing for 2 tasks has 100 million parameters: 0.4 GB" in note
    assert "1.6 GB in training. Narrower stages" in note
    assert not MultiTaskNetwork(HardSharing()).notes(data)


@pytest.mark.parametrize("kind", [AITM, ESM2, ESMM])
def test_rows_that_contradict_the_order_are_counted(kind):
    table = {
        "x": list(range(8)),
        "click": [0, 1, 1, 1, 1, None, 0, 0],
        "buy": [0, 0, 1, 0, 1, 1, 0, None],
    }
    tasks = [Task("click", "binary", after="buy"), Task("buy", "binary")]
    data = polytask.read(table, tasks=tasks)
    same = list(kind().notes(data.tasks))  # of ESM2, that it is ESMM
    (note,) = (n for n in MultiTaskNetwork(kind(SMALL)).notes(data) if n not in same)
    assert note.startswith(f"{kind.__name__} takes 'click' to happen only where 'buy' does")
    assert "2 of the 6 rows with labels of both have 'click' without 'buy'" in note
    right = [Task("click", "binary"), Task("buy", "binary", after="click")]
    assert list(MultiTaskNetwork(kind(SMALL)).notes(polytask.read(table, tasks=right))) == same


def test_an_action_on_the_way_may_happen_without():
    tasks = funnel("binary", "binary", "binary").tasks
    names = tasks.names
    through = TaskSet([*[*tasks][:2], replace(tasks[names[2]], after=names[:2])])
    assert ESM2().nested(through) == [(names[1], names[0]), (names[2], names[0])]
    assert ESMM().nested(through)[1:] == [(names[2], names[0]), (names[2], names[1])]
    assert not AITM(calibration=0.0).nested(through)
