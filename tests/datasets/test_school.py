import numpy as np
import pytest

from polytask.datasets import as_table, fetch_school


@pytest.fixture(scope="module")
def school(polytask_data):
    return fetch_school()


def test_every_pupil_belongs_to_a_school(school):
    (source,) = school.dataset.sources
    assert source.n_rows == 15_362
    assert source.own_rows
    assert source.task_column == "school"
    assert school.dataset.tasks.names == school.info.tasks
    counts = np.bincount(source.task_index, minlength=139)
    assert (len(counts), counts.min(), counts.max()) == (139, 22, 251)
    assert counts[:4].tolist() == [200, 91, 95, 212]


def test_inputs_are_the_27_columns_without_the_column_of_ones(school):
    (source,) = school.dataset.sources
    assert source.inputs.width == 27
    assert (source.inputs.max() != source.inputs.min()).row(0) == (True,) * 27


def test_columns_carry_the_right_names(polytask_data):
    table = as_table("School")
    for group in ("year_", "ethnic_"):
        names = [name for name in table.columns if name.startswith(group)]
        assert (table.select(names).sum_horizontal() == 1).all()
    boys = table.filter(school_male=1)
    girls = table.filter(school_female=1)
    assert boys["male"].mean() > 0.999
    assert girls["female"].mean() == 1
    bands = [
        table.filter(table[f"verbal_reasoning_band_{band}"] == 1)["score"].mean()
        for band in (1, 2, 3)
    ]
    assert bands == sorted(bands, reverse=True)
    assert table["ethnic_eswi"].mean() > 0.6
    assert (table["score"].min(), table["score"].max()) == (1, 70)


def test_the_ten_published_splits_part_each_school(school):
    splits = school.split.splits(school.dataset, seed=0)
    (source,) = school.dataset.sources
    assert [split.fold for split in splits] == list(range(10))
    for split in splits:
        train, validation, test = (
            part[source.name] for part in (split.train, split.validation, split.test)
        )
        assert len(test) == 3_890
        everyone = np.sort(np.concatenate([train, validation, test]))
        np.testing.assert_array_equal(everyone, np.arange(15_362))
        counts = {
            part: np.bincount(source.task_index[rows], minlength=139)
            for part, rows in (("train", train), ("validation", validation), ("test", test))
        }
        assert counts["test"].min() >= 1
        published = counts["train"] + counts["validation"]
        assert np.abs(counts["validation"] - published / 5).max() <= 1
    assert len({split.test[source.name].tobytes() for split in splits}) == 10


@pytest.mark.slow
def test_validation_pupils_are_drawn_by_seed(school):
    digests = [school.split.splits(school.dataset, seed)[0].digest() for seed in (0, 0, 1)]
    assert digests[0] == digests[1] != digests[2]


def test_scores_of_all_pupils_are_there(school):
    labels = school.dataset.sources[0].labelled()
    assert sum(len(labels.rows(task)) for task in labels.tasks) == 15_362
    np.testing.assert_array_equal(labels.columns("school_001")["score"][:5], [17, 5, 16, 12, 7])
