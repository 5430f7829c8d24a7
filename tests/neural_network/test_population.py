"""Networks that differ in settings and seeds are trained as one population."""

from dataclasses import replace

import numpy as np
import pytest

from polytask.architectures import HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.data import RandomSplit, read
from polytask.datasets import make_related_regression
from polytask.encoders import MLP
from polytask.evaluation import Runner
from polytask.learners import FitRequest
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

NETWORK = MultiTaskNetwork(HardSharing(MLP((8,), dropout=0.1)), Trainer(learning_rate=0.01))
STEPS = 20


class Watched(MultiTaskNetwork):
    """One of a user's own, whose fit may be any."""


@pytest.fixture(scope="module")
def data():
    made, _ = make_related_regression(n_tasks=2, n_rows=120, n_features=4, seed=0)
    return made


@pytest.fixture(scope="module")
def parts(data):
    (split,) = RandomSplit().splits(data, 0)
    return split.apply(data)


def configured(**settings):
    return NETWORK.configured({path.replace("__", "."): v for path, v in settings.items()})


def test_what_a_population_may_differ_in(parts):
    train = parts[0]
    shape = NETWORK.shape(train)
    assert shape is not None
    for other in (
        configured(trainer__learning_rate=0.003),
        configured(trainer__weight_decay=0.1),
        configured(architecture__encoder__dropout=0.0),
        replace(NETWORK, label="mine"),
    ):
        assert other.shape(train) == shape
    wider = MultiTaskNetwork(HardSharing(MLP((9,), dropout=0.1)), NETWORK.trainer)
    assert wider.shape(train) not in {None, shape}
    assert configured(trainer__batch_size=64).shape(train) not in {None, shape}


def test_what_is_trained_alone(parts):
    train = parts[0]
    alone = (
        MultiTaskNetwork(HardSharing(MLP((8,))), Trainer(aggregation="mgda")),
        MultiTaskNetwork(HardSharing(MLP((1024, 1024)))),
        MultiTaskNetwork(SingleTask(MLP((1024, 1024)))),
    )
    assert [network.shape(train) for network in alone] == [None] * 3


@pytest.mark.parametrize("architecture", [NETWORK.architecture, SingleTask(MLP((8,), dropout=0.1))])
def test_members_are_the_networks_trained_alone(architecture, parts):
    train, validation, test = parts
    first = replace(NETWORK, architecture=architecture)
    assert first.shape(train) is not None

    def configured(**settings):
        return first.configured({path.replace("__", "."): v for path, v in settings.items()})

    learners = [
        first,
        configured(trainer__learning_rate=0.003, architecture__encoder__dropout=0.4),
        replace(configured(trainer__weight_decay=0.1), label="mine"),
    ]
    requests = [FitRequest(learner, seed) for seed, learner in enumerate(learners)]
    budget = Budget(steps=STEPS)
    done = {}
    together = first.fit_many(requests, train, validation, budget, on_done=done.__setitem__)
    assert sorted(done) == [0, 1, 2]
    for fitted, (learner, seed, _) in zip(together, requests, strict=True):
        alone = learner.fit(train, validation, seed, budget, progress=False)
        assert fitted.name == alone.name
        assert fitted.model.architecture == learner.architecture
        np.testing.assert_allclose(
            fitted.predict(test)["task_0"].response,
            alone.predict(test)["task_0"].response,
            rtol=1e-4,
            atol=1e-5,
        )


@pytest.mark.slow
def test_a_study_is_the_same_with_workers_and_after_an_interruption(tmp_path, data):
    (split,) = RandomSplit().splits(data, 0)

    def responses(runner, *, fitted=()):
        runs = [
            runner.request(NETWORK, split, seed, {"trainer.learning_rate": rate})
            for rate in (0.01, 0.003)
            for seed in range(5)
        ]
        for run in fitted:
            runner.run(runs[run])
        records = runner.run_all(runs)
        assert not any(record.failure for record in records)
        return [
            runner.store.read_outcomes(run.spec.key, "validation")["task_0"].response
            for run in runs
        ]

    budget = Budget(steps=STEPS)
    first = responses(Runner(tmp_path / "one", data, budget))
    with Runner(tmp_path / "two", data, budget, jobs=2) as two:
        np.testing.assert_array_equal(responses(two), first)
    partly = Runner(tmp_path / "partly", data, budget)
    np.testing.assert_allclose(responses(partly, fitted=(0, 7)), first, rtol=1e-4, atol=1e-5)


def test_tasks_that_learn_apart_learn_the_same_without_the_others(parts):
    train, validation, _ = parts
    network = MultiTaskNetwork(SingleTask(MLP((8,), dropout=0.1)), Trainer(learning_rate=0.01))
    assert network.learns_apart(train)
    budget, first = Budget(steps=STEPS), train.tasks.names[0]
    whole = network.fit(train, validation, 1, budget).predict(validation)
    requests = [FitRequest(network, 1, (first,)), FitRequest(network, 1)]
    alone, beside = network.fit_many(requests, train, validation, budget)
    (lone,) = network.fit_many(requests[:1], train, validation, budget)
    assert alone.tasks.names == lone.tasks.names == (first,)
    for fitted in (alone, lone, beside):
        raw = fitted.predict(validation)[first].raw
        np.testing.assert_allclose(raw, whole[first].raw, rtol=1e-4)


def test_tasks_that_share_or_lack_labels_do_not_learn_apart(parts):
    train = parts[0]
    apart = MultiTaskNetwork(SingleTask(MLP((8,))))
    assert not NETWORK.learns_apart(train)
    assert not Watched(SingleTask(MLP((8,)))).learns_apart(train)
    observed = MultiTaskNetwork(SingleTask(MLP((8,))), Trainer(observers=("gate_usage",)))
    assert not observed.learns_apart(train)
    (source,) = train.sources
    columns = {name: source.labelled().columns(name)[name] for name in train.tasks.names}
    holes = next(iter(columns.values())).astype(float)
    holes[0] = np.nan
    table = {**source.inputs.to_dict(as_series=False), **columns, train.tasks.names[0]: holes}
    assert not apart.learns_apart(read(table, train.tasks))
