import numpy as np
import pytest

from polytask.datasets import as_table, fetch_tox21


@pytest.fixture(scope="module")
def tox21(polytask_data):
    return fetch_tox21()


def test_twelve_assays_with_missing_labels(tox21):
    (source,) = tox21.dataset.sources
    assert source.n_rows == 7831
    assert tox21.dataset.tasks.names == tox21.info.tasks
    counts = {task: len(source.labelled().rows(task)) for task in tox21.info.tasks}
    assert counts["NR-AR"] == 7265
    assert counts["SR-ARE"] == 5832
    (values,) = source.labelled().columns("SR-ARE").values()
    assert sorted(set(values)) == [0, 1]
    assert values.sum() == 942


def test_inputs_count_pieces_of_the_molecules_text(tox21):
    inputs = tox21.dataset.sources[0].inputs
    table = as_table("tox21")
    assert inputs.width == 512
    assert table.columns[:2] == ["smiles", "piece_000"]
    lengths = np.array([len(text) for text in table["smiles"]])
    pieces = np.maximum(lengths, 0) + np.maximum(lengths - 1, 0) + np.maximum(lengths - 2, 0)
    np.testing.assert_array_equal(inputs.to_numpy().sum(axis=1), pieces)


def test_a_tenth_is_drawn_for_test_and_validation(tox21):
    (split,) = tox21.split.splits(tox21.dataset, seed=0)
    name = tox21.dataset.sources[0].name
    assert len(split.test[name]) == pytest.approx(783, abs=20)
    assert len(split.validation[name]) == pytest.approx(783, abs=90)
