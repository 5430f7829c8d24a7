"""Populations: a member is the run that it would be alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from training_tables import mixed_table, own_rows_table

from polytask.architectures import HardSharing
from polytask.data import fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import NonFiniteLossError, ParameterError, TooFewRowsError
from polytask.training import Member, Trainer, weight_members

SMALL = HardSharing(MLP((8,)))
DATA, HELD = mixed_table(n_rows=120), mixed_table(n_rows=60, seed=1)
TRAINER = Trainer(steps=6, batch_size=32, evaluate_every=3)


def alone(member, data=DATA, held=HELD, trainer=TRAINER, architecture=SMALL):
    """The run of a member without row weights, written by hand."""
    dropped = [name for name in data.tasks.names if not member.tasks.get(name)]

    def own(rows):
        rows = rows.without_tasks(dropped)
        tasks = {t.name: replace(t, weight=t.weight * member.tasks[t.name]) for t in rows.tasks}
        labelled = {}
        for source in rows.sources:
            of_tasks = [source.labels.rows(name) for name in source.tasks.names]
            labelled[source.name] = np.unique(np.concatenate(of_tasks))
        return rows.with_tasks(tasks).take(labelled)

    train = own(data)
    schemas = {
        name: replace(
            schema, targets={n: schema.targets[n] for n in train.source(name).tasks.names}
        )
        for name, schema in fit_schemas(data).items()
        if name in [source.name for source in train.sources]
    }
    return trainer.fit(architecture, train, own(held), seed=member.seed, schemas=schemas)


def assert_same(one, two):
    assert one.history.n_steps == two.history.n_steps
    assert one.history.best_epoch == two.history.best_epoch
    states = one.network.state_dict(), two.network.state_dict()
    assert states[0].keys() == states[1].keys()
    for name, tensor in states[0].items():
        assert torch.allclose(tensor, states[1][name], rtol=1e-4, atol=1e-6), name


def test_a_member_is_the_run_of_its_tasks_on_the_rows_labelled_for_them():
    members = [
        Member({"passed": 1.0}, seed=1),
        Member({"passed": 0.5, "grade": 2.0, "score": 0.0}, seed=2),
    ]
    done = {}
    trained = TRAINER.fit_many(SMALL, members, DATA, HELD, on_done=done.__setitem__)
    assert [run.network.tasks.names for run in trained] == [("passed",), ("passed", "grade")]
    assert done == dict(enumerate(trained))
    for member, run in zip(members, trained, strict=True):
        assert_same(run, alone(member))


def test_tasks_with_rows_of_their_own_train_on_these():
    data = own_rows_table(n_tasks=3, n_rows=90)
    first, second = data.tasks.names[:2]
    members = [Member({first: 1.0}), Member({first: 1.0, second: 1.0})]
    trained = TRAINER.fit_many(SMALL, members, data, data)
    for member, run in zip(members, trained, strict=True):
        assert_same(run, alone(member, data, data))


def test_settings_of_members_stand_in_for_those_of_the_recipe():
    members = [Member(learning_rate=0.1, weight_decay=0.2), Member(dropout=0.5), Member()]
    (fast, dropped, plain) = TRAINER.fit_many(SMALL, members, DATA)
    own = replace(TRAINER, learning_rate=0.1, weight_decay=0.2).fit(SMALL, DATA)
    assert_same(fast, own)
    assert_same(dropped, TRAINER.fit(HardSharing(MLP((8,), dropout=0.5)), DATA))
    assert_same(plain, TRAINER.fit(SMALL, DATA))


def test_rows_of_weight_0_are_left_out_and_others_count_by_their_weight():
    (source,) = DATA.sources
    weights = np.tile([0.0, 1.0, 3.0], 40)
    rows = np.flatnonzero(weights)
    weighed = replace(source.take(rows), weights=weights[rows])
    data = replace(DATA, sources=(weighed,))
    (run,) = TRAINER.fit_many(SMALL, [Member(row_weight={source.name: weights})], DATA, HELD)
    assert_same(run, TRAINER.fit(SMALL, data, HELD))
    assert run.schemas[source.name].columns == fit_schemas(data)[source.name].columns


def test_weights_of_rows_multiply_their_own():
    (source,) = DATA.sources
    own = np.tile([1.0, 2.0], 60)
    given = np.tile([1.0, 1.0, 0.0], 40)
    weighed = replace(DATA, sources=(replace(source, weights=own),))
    product = replace(DATA, sources=(replace(source, weights=own * given),))
    (run,) = TRAINER.fit_many(SMALL, [Member(row_weight={source.name: given})], weighed)
    assert_same(run, TRAINER.fit(SMALL, product))


def test_a_member_that_diverges_leaves_the_others_alone(tmp_path):
    members = [Member(), Member(learning_rate=1e30), Member(seed=1)]
    for _ in range(2):  # the second time from the checkpoint
        results = TRAINER.fit_many(
            SMALL, members, DATA, return_errors=True, checkpoint=tmp_path / "population"
        )
        assert isinstance(results[1], NonFiniteLossError)
        assert_same(results[2], TRAINER.fit(SMALL, DATA, seed=1))
    done = []
    with pytest.raises(NonFiniteLossError):
        TRAINER.fit_many(SMALL, members, DATA, on_done=lambda position, _: done.append(position))
    assert done == [0, 2]


def test_members_that_have_ended_are_read_wherever_they_stand(tmp_path, monkeypatch):
    members = [Member({"passed": 1.0}), Member({"score": 1.0})]
    first = TRAINER.fit_many(SMALL, members, DATA, HELD, checkpoint=tmp_path)
    monkeypatch.setattr(Trainer, "fit", None)
    second = TRAINER.fit_many(SMALL, members[::-1], DATA, HELD, checkpoint=tmp_path)
    for one, two in zip(first, second[::-1], strict=True):
        assert_same(one, two)
        assert one.history == two.history


def test_one_member_per_row_of_a_matrix():
    members = weight_members(np.triu(np.ones((2, 2))), DATA.tasks.subset(["passed", "grade"]))
    assert [dict(m.tasks) for m in members] == [{"passed": 1.0, "grade": 1.0}, {"grade": 1.0}]
    assert [m.seed for m in weight_members([[1, 2]], ["a", "b"], seed=7)] == [7]


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ([[1, -1]], r"at least 0\. Got -1 in row 0 for task 'b' instead"),
        ([[1, 0], [np.nan, 1]], r"Got nan in row 1 for task 'a'"),
        ([[1, 0], [0, 0]], r"Row 1 is all zeros"),
        (
            [[1, 0, 1]],
            r"shape \(n_members, 2\), one column per task\. Got an array of shape \(1, 3\)",
        ),
        ([], r"shape \(0,\)"),
        ([["x", 1]], r"must be numbers of shape"),
    ],
)
def test_matrices_that_are_no_weights_are_refused(weights, sentence):
    with pytest.raises(ParameterError, match=sentence):
        weight_members(weights, ["a", "b"])


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"tasks": {"a": -1.0}}, r"at least 0\. Got -1\.0 for 'a'"),
        ({"tasks": {"a": 0.0}}, r"one is positive\. Got .* Give at least one task a weight"),
        ({"tasks": {}}, r"one is positive"),
        ({"seed": -1}, r"`seed` parameter of Member"),
        ({"seed": 2**64}, r"`seed` parameter of Member"),
        ({"learning_rate": 0.0}, r"`learning_rate` parameter of Member"),
        ({"dropout": 1.0}, r"`dropout` parameter of Member"),
        ({"row_weight": {"table": np.array([1.0, -2.0])}}, r"Got -2 in row 1 instead; 0 leaves"),
        ({"row_weight": {"table": np.ones((2, 2))}}, r"one number per row\. Got an array of shape"),
    ],
)
def test_members_with_impossible_settings_are_refused(settings, sentence):
    with pytest.raises(ParameterError, match=sentence):
        Member(**settings)


@pytest.mark.parametrize(
    ("members", "error", "sentence"),
    [
        ([], ParameterError, r"`members` parameter of Trainer\.fit_many must be a sequence of at"),
        (
            [Member(), Member({"pased": 1.0})],
            ParameterError,
            r"Member 1 .*task 'pased', which is none\. Did you mean 'passed'",
        ),
        (
            [Member(row_weight={"tables": np.ones(120)})],
            ParameterError,
            r"source 'tables', which is none",
        ),
        (
            [Member(row_weight={"table": np.ones(100)})],
            ParameterError,
            r"one weight per training row of source 'table', 120\. Got 100",
        ),
        ([Member(row_weight={"table": np.zeros(120)})], TooFewRowsError, r"No training row"),
    ],
)
def test_members_that_do_not_fit_the_data_are_refused(members, error, sentence):
    with pytest.raises(error, match=sentence):
        TRAINER.fit_many(SMALL, members, DATA)


def test_schemas_of_other_tasks_are_refused():
    schemas = fit_schemas(DATA.without_tasks(["grade"]))
    with pytest.raises(ParameterError, match=r"`schemas` .*with grade, passed.*Got 'table' with"):
        TRAINER.fit(SMALL, DATA, schemas=schemas)
