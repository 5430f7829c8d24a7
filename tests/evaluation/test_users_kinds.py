"""Kinds of other shapes than ours: two columns and five scores, and scores of two axes."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from forgery import files_of, sealed_with
from scipy.stats import multivariate_normal, norm
from sklearn.linear_model import LogisticRegression, Ridge
from users_kinds import (
    BivariateLikelihood,
    BivariateNormal,
    Distance,
    LogDensity,
    Mixture,
    MixtureError,
    MixtureLikelihood,
)

import polytask
from polytask._recipes import from_json, to_json
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.cli._prediction_table import prediction_table
from polytask.data import MultiTaskDataset, encode, fit_schemas, make_blocks
from polytask.encoders import MLP
from polytask.exceptions import BundleError, DataError, ParameterError, UntrustedError
from polytask.learners import Constant, PerTaskEstimator, PooledEstimator
from polytask.losses import MultiTaskLoss
from polytask.neural_network import MultiTaskNetwork
from polytask.report import write_report
from polytask.tasks import FittedTarget, Task
from polytask.testing import (
    check_architecture,
    check_kind,
    check_learner,
    check_loss,
    check_metric,
)
from polytask.training import to_tensors

POINT = Task(
    "place",
    BivariateNormal(),
    target=("east", "north"),
    metrics=(Distance(), LogDensity()),
    loss=BivariateLikelihood(),
)
BELLS = Task("bells", Mixture(), metrics=(MixtureError(),), loss=MixtureLikelihood())
NETWORK = MultiTaskNetwork(HardSharing(MLP((16,))))
INPUTS = ["x0", "x1"]


def table(n_rows=240):
    """A point that two inputs decide, with correlated noise, and a number with two branches."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(n_rows, 2))
    noise = generator.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], n_rows)
    east, north = (x + 0.5 * noise).T * [[100.0], [0.1]] + [[5000.0], [0.0]]
    north[generator.random(n_rows) < 0.2] = np.nan
    east[generator.random(n_rows) < 0.1] = np.nan
    bells = np.where(generator.random(n_rows) < 0.5, 3.0, -3.0) + x[:, 0]
    columns = {"x0": x[:, 0], "x1": x[:, 1], "east": east, "north": north, "bells": bells}
    town = [f"town {row % 3}" for row in range(n_rows)]
    return pl.DataFrame({**columns, "high": x[:, 1] > 0.3, "town": town})


def shared_rows():
    tasks = [POINT, Task("high", "binary"), BELLS]
    return MultiTaskDataset.from_table(table(), tasks, features=INPUTS)


def own_rows():
    return MultiTaskDataset.from_long(table(), POINT, "town", features=INPUTS)


DATA = {"shared rows": shared_rows(), "own rows": own_rows()}
every_data = pytest.mark.parametrize("data", DATA.values(), ids=DATA)


# ── the common checks ─────────────────────────────────────────────────────────
@pytest.mark.parametrize("kind", [BivariateNormal(), Mixture()])
def test_the_kinds_keep_their_promises(kind):
    check_kind(kind)


@pytest.mark.parametrize("loss", [BivariateLikelihood(pull=0.5), MixtureLikelihood()])
def test_the_losses_keep_their_promises(loss):
    check_loss(loss)


@pytest.mark.parametrize("metric", [Distance(), LogDensity(), MixtureError()])
def test_the_metrics_keep_their_promises(metric):
    check_metric(metric)


def test_the_checks_take_a_kind_and_columns():
    columns = {"east": np.array([1.0, 2.0, np.nan, 5.0]), "north": np.array([0.0, 1.0, 3.0, 1.0])}
    kind = BivariateNormal()
    check_kind(kind, columns)
    check_loss(BivariateLikelihood(), kind, columns)
    check_metric(Distance(), kind, columns)


@every_data
def test_the_network_keeps_its_promises(data):
    check_architecture(HardSharing(MLP((8,))), [data])


@every_data
@pytest.mark.parametrize(
    "learner", [NETWORK, PerTaskEstimator((Ridge(), LogisticRegression())), Constant()]
)
def test_the_learners_keep_their_promises(learner, data):
    if not learner.serves(data.tasks):
        data = MultiTaskDataset.from_table(table(), [POINT], features=INPUTS)
    check_learner(learner, [data])


# ── numbers ───────────────────────────────────────────────────────────────────
def test_the_likelihood_is_that_of_scipy():
    scores = torch.tensor([[0.3, -0.2, 0.1, -0.4, 0.6]], dtype=torch.float64).expand(3, 5)
    values = torch.tensor([[1.0, 0.5], [1.0, 0.0], [0.0, 0.5]], dtype=torch.float64)
    mask = torch.tensor([[True, True], [True, False], [False, True]])
    marginal = {"marginal": torch.zeros(3, 1, dtype=torch.float64)}
    found = BivariateLikelihood(pull=0.0).rowwise(scores, values, mask, marginal)
    deviations, rho = np.exp([0.1, -0.4]), 0.999 * np.tanh(0.6)
    off = rho * deviations.prod()
    covariance = [[deviations[0] ** 2, off], [off, deviations[1] ** 2]]
    expected = [
        -multivariate_normal([0.3, -0.2], covariance).logpdf([1.0, 0.5]) - np.log(2 * np.pi),
        -norm(0.3, deviations[0]).logpdf(1.0) - np.log(2 * np.pi) / 2,
        -norm(-0.2, deviations[1]).logpdf(0.5) - np.log(2 * np.pi) / 2,
    ]
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9)


@every_data
def test_every_task_gets_its_own_constants_and_every_row_its_shape(data):
    """The batch's losses are those of each task's rows alone."""
    schemas = fit_schemas(data)
    blocks = make_blocks(data.tasks, schemas)
    (source,) = data.sources
    rows = to_tensors(encode(data.sources, data.tasks, schemas, blocks))
    generator = torch.Generator().manual_seed(0)
    raw, expected = {}, {}
    for block in blocks:
        own = source.name in block.own_rows
        heads = () if own else (len(block.tasks),)
        scores = torch.randn((source.n_rows, *heads, block.size), generator=generator)
        raw[source.name, block.name] = scores
        for position, name in enumerate(block.tasks):
            labelled = source.labelled().rows(name)
            columns = list(source.labelled().columns(name).values())
            target, kind = block.targets[position], block.kind
            values = torch.from_numpy(kind.encode(columns, target))
            mine = scores[labelled] if own else scores[labelled, position]
            shaped = mine.reshape(len(mine), *kind.score_shape(target))
            loss = polytask.losses.loss_for(kind, block.loss)
            constants = {
                key: constant.expand(len(mine), *constant.shape[1:])
                for key, constant in loss.constants([target]).items()
            }
            mask = ~values.isnan()
            expected[name] = loss.rowwise(shaped, values.nan_to_num(0.0), mask, constants).sum()
    sums, _ = MultiTaskLoss(blocks, data.tasks).sums(raw, rows)
    torch.testing.assert_close(sums, torch.stack([expected[name] for name in data.tasks.names]))


def test_blocks_have_the_kinds_shapes():
    blocks = {block.kind.name: block for block in make_blocks(*_tasks_and_schemas(shared_rows()))}
    point, bells = blocks["bivariate_normal"], blocks["mixture"]
    assert (point.target_shape, point.score_shape, point.size, point.n_cells) == ((2,), (5,), 5, 2)
    assert (bells.target_shape, bells.score_shape, bells.size, bells.n_cells) == (
        (1,),
        (2, 3),
        6,
        1,
    )
    (block,) = make_blocks(*_tasks_and_schemas(own_rows()))
    assert block.own_rows == {"table"}
    assert len(block.tasks) == 3


def _tasks_and_schemas(data):
    return data.tasks, fit_schemas(data)


# ── fit, predict, save, load ──────────────────────────────────────────────────
@pytest.mark.slow
@every_data
def test_a_network_learns_means_and_correlation(data):
    model = polytask.fit(data, NETWORK, budget=Budget(steps=400), validation=data)
    constant = polytask.fit(data, Constant(), validation=data)
    for name, prediction in model.predict(table()).items():
        kind = prediction.kind
        assert prediction.raw.shape[1:] == kind.score_shape(prediction.target)
        rows = data.sources[0].labelled().rows(name)
        columns = list(data.sources[0].labelled().columns(name).values())
        truth = kind.truth(columns, prediction.target)
        metric = polytask.metrics.metrics_for(data.tasks[name])[0]
        mine = np.isin(data.sources[0].rows_of(name), rows)
        baseline = constant.predict(table())[name].response[mine]
        ours = metric.score(truth, prediction.response[mine], prediction.target).value
        theirs = metric.score(truth, baseline, prediction.target).value
        assert ours > theirs if metric.greater_is_better else ours < theirs
        if kind == BivariateNormal():
            assert 0.3 < prediction.response[:, 4].mean() < 0.95
            assert prediction.decision.shape == (len(prediction.row_ids), 2)


def test_tables_of_predictions_have_the_target_columns():
    model = polytask.fit(shared_rows(), NETWORK, budget=Budget(steps=3), validation=shared_rows())
    frame = prediction_table(model.predict(table()), table(), ["x0"], task_column=None)
    assert frame.columns == ["row", "x0", "east", "north", "high", "high_probability", "bells"]
    model = polytask.fit(own_rows(), NETWORK, budget=Budget(steps=3), validation=own_rows())
    frame = prediction_table(model.predict(table()), table(), [], task_column="task")
    assert frame.columns == ["row", "east", "north"]
    assert frame["north"].null_count() == 0


def test_a_saved_model_names_the_kind_and_is_loaded_by_trust(tmp_path):
    data = shared_rows()
    model = polytask.fit(data, NETWORK, budget=Budget(steps=3), validation=data)
    model.save(tmp_path / "model", trusted="users_kinds")
    with pytest.raises(UntrustedError, match="users_kinds"):
        polytask.load(tmp_path / "model")
    loaded = polytask.load(tmp_path / "model", trusted="users_kinds").predict(table())
    for name, prediction in model.predict(table()).items():
        np.testing.assert_array_equal(loaded[name].raw, prediction.raw)


@pytest.mark.parametrize(
    "learned",
    [
        {},
        {"center": [0.0, 0.0], "scale": [1.0, -1.0], "correlation": [0.0]},
        {"center": [0.0, 0.0], "scale": [1.0, 1.0], "correlation": [2.0]},
        {"center": [0.0, 0.0], "scale": [1.0, 1.0], "correlation": [0.0], "other": [1.0]},
    ],
)
def test_a_forged_target_is_refused(tmp_path, learned):
    data = MultiTaskDataset.from_table(table(), [POINT], features=INPUTS)
    polytask.fit(data, Constant(), validation=data).save(tmp_path / "model")
    files = files_of(tmp_path / "model")
    manifest = json.loads(files["bundle.json"])
    manifest["schemas"]["table"]["targets"][0]["learned"] = learned
    forged = sealed_with(files, tmp_path / "forged", manifest)
    with pytest.raises(BundleError, match="does not fit its kind, bivariate_normal"):
        polytask.load(forged, trusted="users_kinds")


def test_what_was_learned_is_hashable_and_goes_through_json():
    target = fit_schemas(shared_rows())["table"].targets["place"]
    assert set(target.learned) == {"center", "scale", "correlation"}
    assert from_json(json.loads(json.dumps(to_json(target)))) == target
    turned = replace(target, learned=dict(reversed(target.learned.items())))
    assert turned == target
    assert hash(turned) == hash(target)
    assert repr(turned) == repr(target)
    other = replace(target, learned={**target.learned, "correlation": (0.1,)})
    assert other != target
    assert hash(FittedTarget(("a",))) != hash(FittedTarget(("b",)))


# ── estimators ────────────────────────────────────────────────────────────────
def test_an_estimator_answers_through_the_kind():
    data = MultiTaskDataset.from_table(table(), [POINT], features=INPUTS)
    found = PerTaskEstimator(Ridge(alpha=1e-6)).fit(data, data, 0, Budget()).predict(data)["place"]
    frame, inputs = table(), np.column_stack([np.ones(240), *table().select(INPUTS)])
    for position, column in enumerate(POINT.columns):
        known = frame[column].is_not_nan().to_numpy()
        values = frame[column].to_numpy()
        exact = inputs @ np.linalg.lstsq(inputs[known], values[known], rcond=None)[0]
        np.testing.assert_allclose(found.response[:, position], exact, rtol=1e-3)
    marginal = found.target.learned["correlation"][0]
    np.testing.assert_allclose(found.response[:, 4], marginal, rtol=1e-5)
    np.testing.assert_allclose(found.response[0, 2:4], found.target.learned["scale"], rtol=1e-5)


def test_one_estimator_answers_for_all_tasks():
    for data in (own_rows(), MultiTaskDataset.from_table(table(), [POINT], features=INPUTS)):
        model = PooledEstimator(Ridge()).fit(data, data, 0, Budget())
        assert all(one.raw.shape[1:] == (5,) for one in model.predict(data).values())


def test_kinds_that_no_estimator_answers_are_refused_in_a_sentence():
    data = MultiTaskDataset.from_table(table(), [BELLS], features=INPUTS)
    with pytest.raises(ParameterError, match=r"cannot learn task 'bells', whose kind is mixture"):
        PerTaskEstimator(Ridge()).fit(data, data, 0, Budget())
    with pytest.raises(TypeError, match="No estimator answers tasks of kind mixture"):
        Mixture().from_estimator([], np.zeros((1, 1)), FittedTarget(("y",)))


# ── errors ────────────────────────────────────────────────────────────────────
def test_the_kinds_own_words_reach_the_user():
    with pytest.raises(DataError, match="Task 'place' needs two target columns"):
        MultiTaskDataset.from_table(table(), [replace(POINT, target=("east",))])
    with pytest.raises(ParameterError, match="Kind 'mixture' has no default loss"):
        make_loss(replace(BELLS, loss=None))
    plain = MultiTaskDataset.from_table(table(), [replace(BELLS, metrics=None)], features=INPUTS)
    model = polytask.fit(plain, NETWORK, budget=Budget(steps=3), validation=plain)
    assert model.predict(plain)["bells"].response.shape == (240, 2, 3)
    with pytest.raises(ParameterError, match="No metric serves the kind 'mixture' of task 'bells'"):
        polytask.fit(plain, Constant(), validation=plain)
    with pytest.raises(ParameterError, match="its target has no classes of which each row has"):
        make_loss(replace(POINT, class_weight={1: 2.0}))


def make_loss(task):
    data = MultiTaskDataset.from_table(table(), [task], features=INPUTS)
    return MultiTaskLoss(make_blocks(data.tasks, fit_schemas(data)), data.tasks)


# ── compare ───────────────────────────────────────────────────────────────────
@every_data
def test_they_are_compared_and_reported(data, tmp_path):
    learners = [NETWORK] + [PerTaskEstimator(Ridge())] * (data is DATA["own rows"])
    found = polytask.compare(
        data,
        learners,
        seeds=2,
        budget=Budget(steps=60, trials=1),
        out=tmp_path / "study",
        quiet=True,
    )
    for row in found.learners:
        for task in data.tasks:
            for metric in task.metrics or ():
                assert row.tasks[task.name][metric.name].value is not None
                assert row.tasks[task.name][metric.name].interval is not None
    page = write_report(found, tmp_path / "report.html").read_text()
    assert "bivariate_normal" in page
    assert "mean ± deviation" in page
