"""Public tables of different rows and columns that train together."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

import polytask
from polytask.data import TimeSplit, open_table
from polytask.datasets import as_table
from polytask.exceptions import DatasetUnavailableError

ADULT = (
    "age,workclass,fnlwgt,education,education_num,marital_status,occupation,relationship,race,sex,"
    "capital_gain,capital_loss,hours_per_week,native_country,income"
)


@pytest.fixture
def public_file(polytask_data):
    """Path of a file in the folder of public data sets; the test is skipped without it."""

    def find(*parts):
        path = polytask_data.joinpath(*parts)
        if not path.exists():
            pytest.skip(f"{'/'.join(parts)} is not in the folder POLYTASK_DATA")
        return path

    return find


def test_two_transformers_of_one_kind(public_file):
    """ETTh1 and ETTh2 (Zhou et al., 2021): hourly oil temperatures of two transformers."""
    sources = {name: public_file("ett", f"ETT{name}.csv") for name in ("h1", "h2")}
    data = polytask.read(sources=sources, tasks=["*/OT:regression"], drop="date")
    assert data.tasks.names == ("h1/OT", "h2/OT")
    timed = polytask.read(sources=sources, tasks="OT:regression")
    (split,) = TimeSplit("date").splits(timed, seed=0)
    train, validation, test = split.apply(timed)
    moments = [part.source("h1").inputs["date"] for part in (train, validation, test)]
    assert moments[0].max() < moments[1].min() < moments[1].max() < moments[2].min()
    assert train.source("h1").n_rows == train.source("h2").n_rows
    model = polytask.fit(train, "linear", validation=validation)
    answers = model.predict(test)["OT"]
    assert answers.counts == {name: test.source(name).n_rows for name in ("h1", "h2")}


@pytest.mark.slow
def test_two_censuses(public_file):
    """UCI's Adult (1994) and Census-Income (1994, 1995): one target, columns of their own."""
    adult = open_table(public_file("adult", "adult.data"), names=ADULT, missing="?")
    try:
        census = as_table("census-income")
    except DatasetUnavailableError as error:
        pytest.skip(str(error))
    rich = pl.col("income") == ">50K"
    first = adult.frame.with_columns(rich.cast(pl.Int64)).drop("fnlwgt")
    second = census.sample(30_000, seed=0).drop("split", "never_married")
    sources = {"adult": first, "census": second}
    data = polytask.read(sources=sources, tasks="income:binary")
    shares = {s.name: len(s.labelled().rows("income")) / s.n_rows for s in data.sources}
    assert shares == {"adult": 1.0, "census": 1.0}
    assert set(data.source("adult").inputs.columns) != set(data.source("census").inputs.columns)
    generator = np.random.default_rng(0)
    held = {s.name: generator.random(s.n_rows) < 0.25 for s in data.sources}
    train = data.take({name: np.flatnonzero(~mask) for name, mask in held.items()})
    test = data.take({name: np.flatnonzero(mask) for name, mask in held.items()})
    for learner in ("linear", "hard_sharing"):
        model = polytask.fit(train, learner, validation=test, seed=0)
        for source in test.sources:
            table = sources[source.name].filter(pl.Series(held[source.name]))
            answers = model.predict({source.name: table})["income"].response
            assert roc_auc_score(table["income"], answers) > 0.88, (learner, source.name)
