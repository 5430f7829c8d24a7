import sys

import numpy as np
import pytest

from polytask.architectures import HardSharing
from polytask.data import encode, fit_schemas, make_blocks
from polytask.datasets import as_table, fetch_tox21, smiles_ngrams
from polytask.encoders import MLP
from polytask.exceptions import MissingDependencyError, ParameterError
from polytask.training import score, to_tensors


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
    assert sum(counts.values()) == pytest.approx(0.83 * 7831 * 12, rel=0.002)
    (values,) = source.labelled().columns("SR-ARE").values()
    assert sorted(set(values)) == [0, 1]
    assert values.sum() == 942


def test_inputs_are_one_tensor_of_the_counts_that_the_table_holds(tox21, polytask_data):
    inputs = tox21.dataset.sources[0].inputs
    table = as_table("tox21")
    assert inputs.columns == ["ngrams"]
    counts = inputs["ngrams"].to_numpy()
    assert (counts.shape, counts.dtype) == ((7831, 1024), np.uint8)
    assert table.columns[:2] == ["smiles", "ngram_0000"]
    np.testing.assert_array_equal(table.select("^ngram_.*$").to_numpy(), counts)
    np.testing.assert_array_equal(smiles_ngrams(table["smiles"][:50]), counts[:50])
    assert table.columns[-12:] == list(tox21.info.tasks)


def test_networks_read_the_tensor(tox21):
    few = tox21.dataset.take({"table": np.arange(1000)})
    schemas = fit_schemas(few)
    blocks = make_blocks(few.tasks, schemas)
    rows = to_tensors(encode(few.sources, few.tasks, schemas, blocks))
    network = HardSharing(encoder=MLP((4,))).build(schemas, few.tasks, seed=0)
    ((_, scores),) = score(network, rows).items()
    assert scores.shape == (1000, 12, 1)
    assert scores.isfinite().all()


def test_a_tenth_is_drawn_for_test_and_validation(tox21):
    (split,) = tox21.split.splits(tox21.dataset, seed=0)
    name = tox21.dataset.sources[0].name
    assert len(split.test[name]) == pytest.approx(783, abs=20)
    assert len(split.validation[name]) == pytest.approx(783, abs=90)


def test_fingerprints_need_the_extra(polytask_data, monkeypatch):
    monkeypatch.setitem(sys.modules, "rdkit.Chem", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'polytask\[molecules\]'"):
        fetch_tox21("fingerprints")


def test_fingerprints_of_all_molecules(polytask_data):
    pytest.importorskip("rdkit", reason="RDKit is not installed: polytask[molecules]")
    (source,) = fetch_tox21("fingerprints", n_features=512).dataset.sources
    bits = source.inputs["fingerprints"].to_numpy()
    assert (bits.shape, bits.dtype, bits.max()) == ((7831, 512), np.uint8, 1)
    assert bits.any(axis=1).all()


@pytest.mark.usefixtures("unchecked_types")
def test_other_features_are_refused():
    with pytest.raises(ParameterError, match="`features` parameter of fetch_tox21 must be"):
        fetch_tox21("pictures")
    with pytest.raises(ParameterError, match="`n_features` parameter of fetch_tox21 must be"):
        fetch_tox21(n_features=0)
