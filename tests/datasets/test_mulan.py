from functools import cache
from xml.etree import ElementTree as ET

import numpy as np
import polars as pl
import pytest

from polytask.datasets import as_table, fetch_mulan
from polytask.datasets._arff import read_arff
from polytask.exceptions import UnknownNameError

# Rows, inputs and tasks as in Mulan's own tables, and missing cells of the inputs.
REGRESSION = {
    "atp1d": (337, 411, 6, 0),
    "enb": (768, 8, 2, 0),
    "jura": (359, 15, 3, 0),
    "osales": (639, 401, 12, 10_012),
    "rf1": (9125, 64, 8, 3264),
    "scm20d": (8966, 61, 16, 0),
    "wq": (1060, 16, 14, 0),
}
LABELS = {"emotions": (593, 72, 6, 0), "yeast": (2417, 103, 14, 0)}


@pytest.fixture(scope="module")
def fetched(polytask_data):
    return cache(fetch_mulan)


@pytest.mark.parametrize("name", REGRESSION | LABELS)
def test_rows_inputs_tasks_and_missing_cells(fetched, name):
    data, info = fetched(name).dataset, fetched(name).info
    (source,) = data.sources
    missing = source.inputs.null_count().sum_horizontal().item()
    expected = (REGRESSION | LABELS)[name]
    assert (source.n_rows, source.inputs.width, len(data.tasks), missing) == expected
    assert data.tasks.names == info.tasks
    assert info.rows == source.n_rows
    kind = "regression" if name in REGRESSION else "binary"
    assert {task.known_kind.name for task in data.tasks} == {kind}
    assert all(len(source.labelled().rows(task)) == source.n_rows for task in info.tasks)


@pytest.mark.parametrize("name", REGRESSION)
def test_targets_are_the_last_attributes_of_the_file(fetched, name, polytask_data):
    lines = (polytask_data / "mulan_mtr" / f"{name}.arff").read_text().splitlines()
    attributes = [line.split()[1] for line in lines if line.lower().startswith("@attribute")]
    bare = [attribute.replace('"', "").replace("'", "") for attribute in attributes]
    tasks = fetched(name).info.tasks
    assert tuple(bare[-len(tasks) :]) == tasks
    (source,) = fetched(name).dataset.sources
    assert source.inputs.columns == bare[: -len(tasks)]
    last = [float(cell) for cell in lines[-1].split(",")[-len(tasks) :]]
    assert list(source.labels.frame.row(-1)) == last


@pytest.mark.parametrize("name", LABELS)
def test_tasks_are_mulans_list_of_labels(fetched, name, polytask_data):
    labels = ET.parse(polytask_data / "mulan_mlc" / f"{name}.xml").getroot()
    assert {label.attrib["name"] for label in labels} == set(fetched(name).info.tasks)


def test_shares_of_positive_labels_are_those_of_mulans_table(fetched):
    for name, density in (("emotions", 0.311), ("yeast", 0.303)):
        labels = fetched(name).dataset.sources[0].labels.frame
        assert labels.to_numpy().mean() == pytest.approx(density, abs=5e-4)


def test_the_river_is_predicted_48_hours_ahead(fetched):
    (source,) = fetched("rf1").dataset.sources
    now, later = source.inputs["CHSI2__0"].to_numpy(), source.labels.frame["CHSI2_48H__0"]
    assert (later.to_numpy()[:-48] == now[48:]).mean() > 0.99


def test_published_and_drawn_splits(fetched):
    yeast, emotions = fetched("yeast"), fetched("emotions")
    (published,) = yeast.split.splits(yeast.dataset, seed=0)
    np.testing.assert_array_equal(published.test["table"], np.arange(1500, 2417))
    assert len(published.validation["table"]) == pytest.approx(300, abs=2)
    (drawn,) = emotions.split.splits(emotions.dataset, seed=0)
    assert len(drawn.test["table"]) == pytest.approx(593 / 5, abs=15)


def test_names_are_known_in_any_spelling(fetched, polytask_data):
    digest = fetched("jura").dataset.digest()
    assert fetch_mulan("Mulan_JURA").dataset.digest() == digest
    table = as_table("mulan-yeast")
    assert table.columns[-2:] == ["Class14", "split"]
    assert table["split"].value_counts().sort("split")["count"].to_list() == [917, 1500]


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"named 'jurra' here\. Did you mean 'jura'\?"):
        fetch_mulan("jurra")


def test_arff_of_numbers_labels_and_unknown_cells(tmp_path):
    path = tmp_path / "small.arff"
    path.write_text(
        "% comment\n@relation small\n@attribute \"'first'\" numeric\n@attribute 2nd REAL\n"
        "@attribute 'label' {0,1}\n@data\n1.5,?,1\n-2,3,0\n"
    )
    expected = pl.DataFrame(
        {"first": [1.5, -2.0], "2nd": [None, 3.0], "label": pl.Series([1, 0], dtype=pl.Int8)}
    )
    assert read_arff(path).equals(expected)
    assert read_arff(path).schema == expected.schema
