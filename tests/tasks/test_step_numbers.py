"""A number for each step of a row."""

import numpy as np
import polars as pl
import pytest

import polytask
from polytask import MultiTaskDataset, Task
from polytask.architectures import HardSharing, Hierarchical, SingleTask
from polytask.encoders import GRU, LSTM, TemporalCNN
from polytask.evaluation import evaluate
from polytask.exceptions import DataError, ParameterError
from polytask.metrics import StepMAE, StepRMSE
from polytask.neural_network import MultiTaskNetwork
from polytask.tasks import NO_STEP, FittedTarget, StepNumbers
from polytask.training import Trainer

TARGET = FittedTarget(("y",), learned={"steps": (3.0,), "center": (5.0,), "scale": (2.0,)})


def test_absent_steps_have_no_number():
    raw = np.array([[[1.0], [NO_STEP], [NO_STEP]], [[-1e9], [0.0], [2.0]]], dtype=np.float32)
    response = StepNumbers().response(raw, TARGET)
    assert np.isnan(response[0, 1:]).all()
    assert np.isfinite(response[1]).all()
    assert StepNumbers().decide(response, TARGET)[0] == "7"
    back = StepNumbers().raw(response, TARGET)
    assert (back[0, 1:] == NO_STEP).all()
    assert (back[1] > NO_STEP).all()
    both = StepNumbers().average(np.stack([raw, raw]))
    assert (both[0, 1:] == NO_STEP).all()


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["1 2", "low"], "must hold lists of numbers, or texts of numbers .* Got 'low'"),
        (["1 inf", "2"], "Got 'inf'"),
        ([None, "nan"], "has no observed label"),
        (["1 " * 5000, "2"], "holds a row of 5,000 numbers; at most 4,096"),
        (["1e80", "2"], "powers of that leave the range"),
    ],
)
def test_columns_that_cannot_be_learned(cells, words):
    with pytest.raises(DataError, match=words):
        StepNumbers().fit("load", {"y": np.array(cells, dtype=object)})


def test_forged_targets_are_refused():
    kind = StepNumbers()
    for learned in ({"steps": (0.0,)}, {"scale": (0.0,)}, {"steps": (5000.0,)}, {"center": ()}):
        forged = FittedTarget(("y",), learned={**TARGET.learned, **learned})
        assert not kind.accepts(forged)
    assert kind.accepts(TARGET)


def test_metrics_are_those_of_all_steps_written_out():
    rng = np.random.default_rng(0)
    truth, response = rng.normal(size=(2, 9, 3))
    truth[rng.random((9, 3)) < 0.3] = np.nan
    truth[4] = np.nan
    weight = rng.integers(1, 4, 9).astype(float)
    known = ~np.isnan(truth)
    weights = np.broadcast_to(weight[:, None], truth.shape)[known]
    errors = (truth - response)[known]
    response[~known] = np.nan
    got = StepRMSE().score(truth, response, TARGET, weight).value
    assert got == pytest.approx(np.sqrt(np.average(errors**2, weights=weights)))
    got = StepMAE().score(truth, response, TARGET, weight).value
    assert got == pytest.approx(np.average(np.abs(errors), weights=weights))


def loads(n_rows=150, seed=0):
    """Numbers by the hour of varying length: twice the last two, and of what the row is."""
    rng = np.random.default_rng(seed)
    pulse, load, steps = [], [], []
    for row in range(n_rows):
        x = rng.normal(size=rng.integers(2, 8))
        y = 10 + 3 * (x + np.r_[0.0, x[:-1]])
        if row % 5 == 0:
            y[0] = np.nan
        pulse.append(x.tolist())
        load.append(y.tolist())
        steps.append(len(x))
    rises = [int(sum(x) > 0) for x in pulse]
    return pl.DataFrame({"pulse": pulse, "load": load, "rises": rises}), steps


@pytest.fixture(scope="module")
def data():
    frame, _ = loads()
    frame = frame.with_columns(load=pl.when(pl.int_range(pl.len()) != 7).then("load"))
    tasks = [Task("load", "step_numbers"), Task("rises", "binary")]
    return MultiTaskDataset.from_table(frame, tasks)


def test_lists_and_texts_are_learned_alike(data):
    frame, _ = loads(20)
    tasks = [Task("load", "step_numbers")]
    of_lists = MultiTaskDataset.from_table(frame.drop("rises"), tasks)
    texts = [" ".join(map(repr, row)) for row in frame["load"].to_list()]
    of_texts = MultiTaskDataset.from_table(
        frame.drop("rises").with_columns(load=pl.Series(texts)), tasks
    )
    targets = [
        polytask.data.fit_schemas(each)["table"].targets["load"] for each in (of_lists, of_texts)
    ]
    assert targets[0] == targets[1]
    cells = frame["load"].to_list()
    cells[min(range(20), key=lambda row: len(cells[row]))] = [0.0] * 9
    short = frame.drop("rises").with_columns(load=pl.Series(cells))
    with pytest.raises(DataError, match="has labels up to step 9, and its column 'pulse' has"):
        Trainer(steps=1).fit(HardSharing(GRU(4)), MultiTaskDataset.from_table(short, tasks))


@pytest.mark.slow
@pytest.mark.parametrize("encoder", [LSTM(16), GRU(16), TemporalCNN((16, 16), 3)], ids=repr)
def test_numbers_of_steps_are_learned(encoder, data, tmp_path):
    trainer = Trainer(steps=300, batch_size=50, learning_rate=1e-2)
    train, rest = data.take({"table": np.arange(120)}), data.take({"table": np.arange(120, 150)})
    for architecture in (HardSharing(encoder), SingleTask(encoder)):
        model = MultiTaskNetwork(architecture, trainer).fit(train, rest, seed=0)
        figures = evaluate(model, rest)
        assert figures["load"]["step_rmse"].value < 2.0  # its deviation is 4.2
        assert figures["load"]["step_mae"].value < 1.5
    model.save(tmp_path / "model")
    frame, steps = loads(9, seed=1)
    before, after = (m.predict(frame)["load"] for m in (model, polytask.load(tmp_path / "model")))
    np.testing.assert_array_equal(before.response, after.response)
    assert (~np.isnan(before.response)).sum(axis=1).tolist() == steps
    assert [len(text.split()) for text in before.decision] == steps


def test_a_level_of_numbers_feeds_a_higher_one(data):
    trainer = Trainer(steps=3, batch_size=50)
    model = MultiTaskNetwork(Hierarchical(LSTM(4, 2)), trainer).fit(data, data, seed=0)
    assert evaluate(model, data)["load"]["step_rmse"].value > 0


def test_learners_of_rows_say_that_they_cannot(data):
    with pytest.raises(ParameterError, match="step_numbers"):
        polytask.fit(data, "linear")
