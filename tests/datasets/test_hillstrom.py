import polars as pl
import pytest

from polytask.datasets import as_table, catalogue, fetch_hillstrom


@pytest.fixture(scope="module")
def hillstrom(polytask_data):
    return fetch_hillstrom()


def test_a_visit_comes_before_a_purchase_and_that_before_spending(hillstrom):
    tasks = hillstrom.dataset.tasks
    assert tasks.names == hillstrom.info.tasks == ("visit", "conversion", "spend")
    assert [task.after for task in tasks] == [(), ("visit",), ("conversion",)]
    assert [task.known_kind.name for task in tasks] == ["binary", "binary", "regression"]


def test_labels_are_those_of_the_challenge(hillstrom):
    table = hillstrom.dataset.sources[0].labels.frame
    assert table.height == hillstrom.info.rows == 64_000
    assert table["visit"].sum() == 9394
    assert table["conversion"].sum() == 578
    assert table["spend"].sum() == pytest.approx(67_258.13)
    assert table.filter(conversion=1)["visit"].min() == 1
    assert ((table["spend"] > 0) == (table["conversion"] == 1)).all()


def test_the_treatment_is_an_input_and_no_target_is(hillstrom):
    inputs = hillstrom.dataset.sources[0].inputs
    assert set(inputs["treatment"]) == {"Mens E-Mail", "Womens E-Mail", "No E-Mail"}
    assert inputs.select(pl.col(pl.String)).columns == [
        "history_segment",
        "zip_code",
        "channel",
        "treatment",
    ]
    assert inputs.width == 9


def test_a_fifth_is_drawn_for_test_and_validation(hillstrom):
    (split,) = hillstrom.split.splits(hillstrom.dataset, seed=0)
    (source,) = hillstrom.dataset.sources
    bought = source.labels.frame["conversion"].to_numpy()
    for part in (split.validation, split.test):
        assert len(part[source.name]) == pytest.approx(12_800, abs=10)
        assert bought[part[source.name]].sum() == pytest.approx(578 / 5, abs=1)


def test_targets_are_the_last_columns_of_the_table(polytask_data):
    assert as_table("Hillstrom").columns[-3:] == ["visit", "conversion", "spend"]


def test_options_for_the_command_line_declare_that_order():
    (info,) = (info for info in catalogue() if info.name == "hillstrom")
    assert info.flags.endswith("--after conversion=visit --after spend=conversion")
