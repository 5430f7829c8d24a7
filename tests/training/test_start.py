"""Training that begins from a given state, and rows that are left out of it."""

import pytest
import torch
from training_tables import mixed_table, own_rows_table

from polytask.architectures import HardSharing, MMoE, SharedPrivate, _copies
from polytask.architectures._task_copies import TaskCopies, TaskCopiesNetwork
from polytask.data import encode, fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import ParameterError
from polytask.testing import check_architecture, tiny_dataset
from polytask.training import Trainer, score, to_tensors
from polytask.training._held_out import hold_out

SMALL = HardSharing(MLP((8,)))
DATA = mixed_table(n_rows=120)
TRAINER = Trainer(steps=6, batch_size=32, patience=None)


def test_a_network_is_fine_tuned_from_a_state():
    first = TRAINER.fit(SMALL, DATA)
    still = Trainer(steps=1, learning_rate=1e-12).fit(SMALL, DATA, start=first.network.state_dict())
    drawn = Trainer(steps=1, learning_rate=1e-12).fit(SMALL, DATA)
    for name, tensor in first.network.state_dict().items():
        assert torch.allclose(still.network.state_dict()[name], tensor, atol=1e-9)
        assert not torch.allclose(drawn.network.state_dict()[name], tensor, atol=1e-4)


def test_states_that_do_not_fit_are_refused():
    state = dict(TRAINER.fit(SMALL, DATA).network.state_dict())
    wide = TRAINER.fit(HardSharing(MLP((9,))), DATA).network.state_dict()
    missing = {name: tensor for name, tensor in state.items() if name != "heads.0.bias"}
    for start, sentence in (
        (missing, r"lacks 'heads\.0\.bias'"),
        (
            {**state, "heads.0.biass": torch.zeros(1)},
            r"no 'heads\.0\.biass'\. Did you mean 'heads\.0",
        ),
        (wide, r"'.*' has shape \(9.*\), and that of the network \(8"),
    ):
        with pytest.raises(ParameterError, match="`start` parameter of Trainer.fit.*" + sentence):
            TRAINER.fit(SMALL, DATA, start=start)


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        ([1, 2], r"must be a mapping of names to tensors\. Got \[1, 2\] instead\. Give trained"),
        ("x", r"must be a mapping of names to tensors\. Got 'x' instead"),
        ({"bias": 3.0}, r"must be a mapping of names to tensors\. Got 3.0 for 'bias' instead"),
        (
            {4: torch.zeros(1)},
            r"must be a mapping of names to tensors\. Got tensor.* for 4 instead",
        ),
    ],
)
def test_what_is_no_state_is_refused(start, sentence):
    with pytest.raises(ParameterError, match="`start` parameter of Trainer.fit " + sentence):
        TRAINER.fit(SMALL, DATA, start=start)


def test_a_state_that_is_not_finite_is_blamed_itself():
    state = SMALL.build(fit_schemas(DATA), DATA.tasks, 0).state_dict()
    state["heads.0.bias"].fill_(torch.nan)
    sentence = r"`start` parameter of Trainer.fit must be finite\. Its tensor 'heads\.0\.bias'"
    with pytest.raises(ParameterError, match=sentence):
        TRAINER.fit(SMALL, DATA, start=state)


def test_rows_held_out_are_not_trained_on():
    with pytest.raises(ParameterError, match=r"`held_out` .* must be a float in \[0, 1\)"):
        TRAINER.fit(SMALL, DATA, held_out=1.0)
    all_rows = TRAINER.fit(SMALL, DATA).network.state_dict()
    fewer = TRAINER.fit(SMALL, DATA, held_out=0.5).network.state_dict()
    assert any(not torch.equal(all_rows[name], fewer[name]) for name in all_rows)


@pytest.mark.parametrize("seed", range(5))
def test_every_task_keeps_a_labelled_row_to_train_on(seed):
    data = mixed_table(n_rows=12, missing=0.9, seed=4)
    schemas = fit_schemas(data)
    network = SMALL.build(schemas, data.tasks, 0)
    rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    kept, held = hold_out(rows, 0.5, seed)
    assert kept["table"].n_rows + held["table"].n_rows == 12
    for block in network.blocks:
        assert bool(kept["table"].labels(block.name).mask.any(dim=0).all())


FORMS = {
    "shared rows": tiny_dataset(["regression", "binary", "regression"], missing=0.3),
    "own rows": own_rows_table(3, 60),
    "own tables": tiny_dataset(["regression", "binary"], own_tables=True),
}
NETWORKS = [SMALL, HardSharing(MLP((8,), normalization="batch")), MMoE(MLP((4,)), n_experts=2)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "architecture", [*NETWORKS, SharedPrivate(MLP((4,)))], ids=lambda a: a.name
)
def test_copies_of_a_network_answer_as_it_does(architecture, form):
    data = FORMS[form]
    schemas = fit_schemas(data)
    network = architecture.build(schemas, data.tasks, 0)
    copies = TaskCopiesNetwork(network, schemas, data.tasks)
    rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    wanted = score(network, rows)
    for key, scores in score(copies, rows).items():
        assert torch.allclose(scores.reshape(wanted[key].shape), wanted[key], atol=1e-6)
    for state in copies.states().values():
        for name, tensor in network.state_dict().items():
            assert torch.equal(state[name], tensor)


def test_every_tensor_of_a_copy_belongs_to_its_task():
    check_architecture(TaskCopies(SMALL), [FORMS["shared rows"], FORMS["own tables"]])


@pytest.mark.parametrize("form", FORMS)
def test_copies_train_side_by_side_as_one_after_another(form, monkeypatch):
    trainer = Trainer(steps=8, batch_size=16, patience=None)
    side_by_side = trainer.fit(TaskCopies(SMALL), FORMS[form]).network
    assert all(copies.stacked for copies in side_by_side.networks)
    monkeypatch.setattr(_copies, "same_features", lambda *_: None)
    one_by_one = trainer.fit(TaskCopies(SMALL), FORMS[form]).network
    assert not any(copies.stacked for copies in one_by_one.networks)
    states = one_by_one.states()
    for task, state in side_by_side.states().items():
        for name, tensor in state.items():
            assert torch.allclose(states[task][name], tensor, atol=1e-5), (task, name)
