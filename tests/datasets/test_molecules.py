import sys

import numpy as np
import pytest

from polytask.datasets import morgan_fingerprints, smiles_ngrams
from polytask.exceptions import DataError, MissingDependencyError, ParameterError

ALUMINIUM_SALT = "CC(=O)O[AlH3](O)O"  # refused by RDKit's default


def test_pieces_of_all_lengths_are_counted():
    texts = ["CCO", "C", ""]
    counts = smiles_ngrams(texts, n_features=4096, longest=3)
    assert (counts.shape, counts.dtype) == ((3, 4096), np.uint8)
    assert counts.sum(axis=1).tolist() == [3 + 2 + 1, 1, 0]
    assert sorted(counts[0][counts[0] > 0]) == [1, 1, 1, 1, 2]  # O, CC, CO, CCO; C twice
    assert (smiles_ngrams(iter(texts), 4096, longest=3) == counts).all()


def test_case_counts_and_large_counts_stop_at_255():
    lower, upper = smiles_ngrams(["c", "C"], n_features=1024, longest=1)
    assert (lower != upper).any()
    (many,) = smiles_ngrams(["C" * 300], n_features=16, longest=1)
    assert many.max() == many.sum(dtype=int) == 255


def test_pieces_share_columns_where_these_are_few():
    assert smiles_ngrams(["CCO"], n_features=1).tolist() == [[6]]


@pytest.mark.parametrize(
    ("function", "parameter"),
    [
        (smiles_ngrams, "n_features"),
        (smiles_ngrams, "longest"),
        (morgan_fingerprints, "n_bits"),
    ],
)
def test_numbers_must_be_positive(function, parameter):
    sentence = f"`{parameter}` parameter of {function.__name__} must be an int in \\[1"
    with pytest.raises(ParameterError, match=sentence):
        function(["C"], **{parameter: 0})


def test_fingerprints_name_the_extra_that_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdkit.Chem", None)
    with pytest.raises(MissingDependencyError) as caught:
        morgan_fingerprints(["CCO"])
    assert str(caught.value) == (
        "Morgan fingerprints need RDKit, which is not installed. Install it with: "
        "pip install 'polytask[molecules]'"
    )


@pytest.fixture
def rdkit():
    return pytest.importorskip("rdkit", reason="RDKit is not installed: polytask[molecules]")


def test_fingerprints_are_rdkits(rdkit):
    from rdkit import Chem
    from rdkit.Chem import rdFingerprintGenerator

    texts = ["CCO", "c1ccccc1O", "CC(=O)Oc1ccccc1C(=O)O"]
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=3, fpSize=256)
    expected = [list(generator.GetFingerprint(Chem.MolFromSmiles(text))) for text in texts]
    bits = morgan_fingerprints(texts, radius=3, n_bits=256)
    assert bits.dtype == np.uint8
    assert bits.tolist() == expected


def test_fingerprints_do_not_depend_on_how_a_molecule_is_written(rdkit):
    first, second = morgan_fingerprints(["CCO", "OCC"])
    assert (first == second).all()
    assert first.sum() > 3


def test_unusual_valences_are_accepted(rdkit, capfd):
    (bits,) = morgan_fingerprints([ALUMINIUM_SALT])
    assert bits.any()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("text", ["no molecule", "c1cccc1c"])
def test_a_text_that_is_no_molecule_is_named(rdkit, text):
    with pytest.raises(DataError, match=rf"Got '{text}' \(row 1\)"):
        morgan_fingerprints(["CCO", text])
