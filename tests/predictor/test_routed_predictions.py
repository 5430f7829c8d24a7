"""Predictions of rows whose task a router finds."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from forgery import files_of, resealed

import polytask
from polytask.architectures import HardSharing, Routed
from polytask.data import MultiTaskDataset, fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import BundleError, DataError
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor, NetworkModel, _sources_to_predict
from polytask.testing import tiny_dataset
from polytask.training import Trainer

DOMAINS = ("books", "music", "toys")


def domains(n_rows, seed, apart):
    """Rows of three domains, whose centres are `apart`; each has a linear target of its own."""
    fixed, rng = np.random.default_rng(0), np.random.default_rng(seed)
    centres, coef = apart * fixed.normal(size=(3, 6)), fixed.normal(size=(3, 6))
    domain = rng.integers(0, 3, n_rows)
    noise = rng.normal(size=(n_rows, 6))
    y = (noise * coef[domain]).sum(axis=1) + 0.1 * rng.normal(size=n_rows)
    columns = {f"x{k}": column for k, column in enumerate((centres[domain] + noise).T)}
    return pl.DataFrame({**columns, "domain": [DOMAINS[k] for k in domain], "y": y})


def fitted(apart, steps):
    data = polytask.read(domains(400, 1, apart), tasks="y:regression", task_column="domain")
    trainer = Trainer(steps=steps, batch_size=64, learning_rate=0.03, evaluate_every=50)
    learner = MultiTaskNetwork(Routed(MLP((24,))), trainer)
    return polytask.fit(data, learner, validation=data)


@pytest.fixture(scope="module")
def predictor():
    return fitted(3.0, 100)


def network_for(architecture, data):
    """A predictor with the network that seed 0 builds."""
    schemas = fit_schemas(data)
    network = architecture.build(schemas, data.tasks, seed=0).eval()
    model = NetworkModel(architecture, network, data.tasks, schemas)
    return FittedPredictor(data.tasks, schemas, model)


NEW = domains(300, 2, 3.0)
BARE = NEW.drop("domain")


class TestPlantedDomains:
    def test_the_router_finds_them_and_their_task_answers(self, predictor):
        known, routed = predictor.predict(NEW), predictor.predict(BARE).routed
        domain, truth = NEW["domain"].to_numpy(), NEW["y"].to_numpy()
        assert (routed.task == domain).mean() >= 0.95
        of_known = np.empty(len(truth))
        for task in DOMAINS:
            of_known[known[task].row_ids] = known[task].response
        errors = [np.square(answer - truth).mean() for answer in (of_known, routed.response)]
        assert errors[0] < 0.1 * truth.var()
        assert errors[1] < 1.1 * errors[0]

    def test_probabilities_of_overlapping_domains_are_calibrated(self):
        routed = fitted(0.5, 60).predict(domains(600, 3, 0.5).drop("domain")).routed
        chosen, right = routed.probability.max(axis=1), domains(600, 3, 0.5)["domain"].to_numpy()
        correct = routed.task == right
        assert 0.5 < correct.mean() < 0.95
        assert abs(chosen.mean() - correct.mean()) < 0.08
        sure = chosen > np.median(chosen)
        assert correct[sure].mean() > correct[~sure].mean() + 0.1


class TestRoutedRows:
    def test_probabilities_are_the_softmax_of_the_routers_scores(self, predictor):
        predictions = predictor.predict(BARE)
        routed, network = predictions.routed, predictor.model.network
        assert routed.tasks.names == DOMAINS
        source = MultiTaskDataset.from_table(NEW, ["y"], features=BARE.columns[:6]).sources[0]
        inputs = predictor.schemas["table"].encode(source)
        with torch.no_grad():
            hidden = torch.relu(network.trunk[0][0](torch.from_numpy(inputs["numeric"])))
            expected = torch.softmax(network.router.linear(hidden), dim=1)
        np.testing.assert_allclose(routed.probability, expected, rtol=1e-4, atol=1e-6)
        best = expected.argmax(dim=1).tolist()
        assert routed.task.tolist() == [DOMAINS[k] for k in best]
        for row, k in enumerate(best):
            assert routed.response[row] == predictions[DOMAINS[k]].response[row]
        np.testing.assert_array_equal(routed.decision, routed.response)
        assert repr(routed) == "RoutedPrediction(300 rows among 3 tasks)"
        assert predictions.notes == (
            (
                "300 rows name no task and are answered by the task that the model's router finds "
                "likeliest"
            ),
        )

    def test_every_task_answers_every_row(self, predictor):
        predictions = predictor.predict(BARE)
        for task in DOMAINS:
            known = predictor.predict(BARE.with_columns(domain=pl.lit(task)))[task]
            np.testing.assert_allclose(predictions[task].raw, known.raw, rtol=1e-5, atol=1e-6)
            np.testing.assert_array_equal(predictions[task].row_ids, known.row_ids)

    def test_rows_that_name_their_task_are_not_routed(self, predictor):
        assert predictor.predict(NEW).routed is None
        assert predictor.predict(NEW).notes == ()

    def test_some_rows_may_name_their_task(self, predictor, monkeypatch):
        monkeypatch.setattr(_sources_to_predict, "_MOST_ROWS", 70)
        some = NEW.with_columns(
            domain=pl.when(pl.int_range(300) % 3 > 0).then("domain").otherwise(None)
        )
        predictions, every = predictor.predict(some), predictor.predict(BARE)
        routed = predictions.routed
        assert routed.row_ids.tolist() == list(range(0, 300, 3))
        assert routed.counts == {"table": 100}
        np.testing.assert_array_equal(routed.task, every.routed.task[::3])
        np.testing.assert_allclose(
            routed.response, every.routed.response[::3], rtol=1e-4, atol=1e-6
        )
        answered = np.full(300, "", dtype=object)
        for task in DOMAINS:
            own = predictions[task]
            named = (some["domain"] == task).fill_null(value=True).to_numpy()
            assert own.row_ids.tolist() == np.flatnonzero(named).tolist()
            np.testing.assert_allclose(own.raw, every[task].raw[own.row_ids], rtol=1e-4, atol=1e-6)
            answered[own.row_ids[routed.answers(task)]] += task
        expected = np.where(some["domain"].is_null(), every.routed.task, NEW["domain"])
        assert answered.tolist() == expected.tolist()

    def test_among_named_tasks(self, predictor):
        every = predictor.predict(BARE).routed.probability
        predictions = predictor.predict(BARE, tasks=["toys", "books"])
        assert list(predictions) == ["books", "toys"]
        two = every[:, [0, 2]] / every[:, [0, 2]].sum(axis=1, keepdims=True)
        np.testing.assert_allclose(predictions.routed.probability, two, rtol=1e-3, atol=1e-9)
        (only,) = predictor.predict(BARE, tasks="music").routed.probability.T
        assert (only == 1).all()

    def test_a_data_set_whose_rows_name_no_task(self, predictor):
        data = MultiTaskDataset.from_table(NEW, ["y"], features=BARE.columns[:6])
        np.testing.assert_array_equal(
            predictor.predict(data).routed.probability, predictor.predict(BARE).routed.probability
        )
        long = polytask.read(NEW, tasks="y:regression", task_column="domain")
        index = np.where(np.arange(300) < 10, -1, long.sources[0].task_index)
        part = replace(long, sources=(replace(long.sources[0], task_index=index),))
        assert predictor.predict(part).routed.row_ids.tolist() == list(range(10))

    def test_a_saved_model_routes_the_same(self, predictor, tmp_path):
        predictor.save(tmp_path / "model")
        loaded = polytask.load(tmp_path / "model").predict(BARE).routed
        expected = predictor.predict(BARE).routed
        np.testing.assert_array_equal(loaded.probability, expected.probability)
        np.testing.assert_array_equal(loaded.response, expected.response)

    @pytest.mark.parametrize(
        ("changes", "what"),
        [
            ({"routed": []}, "the sources for which it has a router"),
            ({"routed": ["table", "other"]}, "the sources for which it has a router"),
            ({"takes_preference": True}, "whether it takes a preference"),
        ],
    )
    def test_a_forged_manifest_cannot_say_what_the_model_can_do(
        self, predictor, tmp_path, changes, what
    ):
        predictor.save(tmp_path / "model")
        forged = resealed(files_of(tmp_path / "model"), tmp_path / "forged", **changes)
        with pytest.raises(BundleError, match=f"bundle.json and the model do not agree on {what}"):
            polytask.load(forged)

    def test_a_loaded_router_without_numbers(self, predictor, tmp_path):
        predictor.save(tmp_path / "model")
        loaded = polytask.load(tmp_path / "model")
        with torch.no_grad():
            loaded.model.network.router.linear.bias.fill_(torch.nan)
        with pytest.raises(BundleError, match="has no number for its router in 300 of 300 rows"):
            loaded.predict(BARE)


class TestSources:
    """Two sources with columns and tasks of their own, one of them with a single task."""

    def tables(self):
        rng = np.random.default_rng(0)
        x = rng.normal(size=20)
        north = {"x": x, "site": ["a", "b"] * 10, "y": x}
        south = {"z": x, "site": ["b", "c"] * 10, "y": -x}
        return {"north": north, "south": south}

    def test_rows_of_each_are_routed_among_its_tasks(self):
        data = polytask.read(sources=self.tables(), tasks="y:regression", task_column="site")
        predictor = network_for(Routed(MLP((6,))), data)
        tables = self.tables()
        del tables["south"]["site"]
        predictions = predictor.predict(tables)
        routed = predictions.routed
        assert routed.tasks.names == ("b", "c")
        assert routed.source.tolist() == ["south"] * 20
        assert predictions["b"].counts == {"north": 10, "south": 20}
        assert predictions["a"].counts == {"north": 10}
        for row, task in enumerate(routed.task):
            offset = predictions[task].counts.get("north", 0)
            assert routed.response[row] == predictions[task].response[offset + row]
        del tables["north"]["site"]
        routed = predictor.predict(tables).routed
        assert routed.tasks.names == ("a", "b", "c")
        assert routed.counts == {"north": 20, "south": 20}
        assert not routed.probability[:20, 2].any()
        assert not routed.probability[20:, 0].any()
        np.testing.assert_allclose(routed.probability.sum(axis=1), 1)


def test_answers_of_different_kinds_are_objects(predictor):
    predictions = predictor.predict(BARE)
    other = predictions["toys"]
    wide = replace(other, response=np.stack([other.response] * 2, axis=1))
    routed = replace(predictions.routed, by_task={**predictions.by_task, "toys": wide})
    answers = routed.response
    assert answers.dtype == object
    row = int(np.flatnonzero(routed.task == "toys")[0])
    assert answers[row].tolist() == [other.response[row]] * 2
    row = int(np.flatnonzero(routed.task == "books")[0])
    assert answers[row] == predictions["books"].response[row]


def test_classes_are_answered_in_the_users_labels():
    data = tiny_dataset(["multiclass"] * 2, own_rows=True)
    predictions = network_for(Routed(MLP((6,))), data).predict(data.sources[0].inputs)
    routed, first = predictions.routed, predictions["task0"]
    assert routed.response.shape == first.response.shape
    assert set(routed.decision.tolist()) <= set(first.target.classes)


def test_a_model_without_a_router_says_what_to_do():
    data = tiny_dataset(["binary"] * 2, own_rows=True)
    predictor = network_for(HardSharing(MLP((6,))), data)
    with pytest.raises(
        DataError,
        match=r"each row's task, 'site' is not a column .* name the tasks .*--task\), or fit a model "
        r"that finds the task of a row, such as routed\.",
    ):
        predictor.predict(data.sources[0].inputs)
    assert predictor.predict(data.sources[0].inputs, tasks=["task0"]).routed is None
