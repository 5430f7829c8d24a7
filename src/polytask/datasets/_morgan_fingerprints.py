"""Morgan fingerprints of molecules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import UInt8

from polytask._validation import Interval, check
from polytask.exceptions import DataError, MissingDependencyError

__all__ = ["morgan_fingerprints"]


def morgan_fingerprints(
    smiles: Iterable[str], radius: int = 2, n_bits: int = 1024
) -> UInt8[np.ndarray, "molecules bits"]:
    """Compute the Morgan fingerprints of molecules with RDKit: which surroundings of atoms occur.

    Parameters
    ----------
    smiles : iterable of str
    radius : int, default 2
        Largest distance from the atom, in bonds.
    n_bits : int, default 1024
        Number of columns, into which the surroundings are hashed.

    Returns
    -------
    uint8 array of shape (n_molecules, n_bits)
        1 where a surrounding of the column occurs in the molecule, else 0.

    Raises
    ------
    MissingDependencyError
        If RDKit is not installed; the extra is ``polytask[molecules]``.
    DataError
        If a text is not SMILES.

    Notes
    -----
    Unusual valences, as of some aluminium salts of Tox21, are accepted; RDKit's default refuses
    them. All other molecules have the fingerprints of RDKit's default.

    Examples
    --------
    >>> from polytask.datasets import morgan_fingerprints
    >>> morgan_fingerprints(["CCO", "CC"], n_bits=64).shape  # doctest: +SKIP
    (2, 64)
    """
    check("morgan_fingerprints", "radius", radius, Interval(int, 0))
    check("morgan_fingerprints", "n_bits", n_bits, Interval(int, 1))
    try:
        from rdkit.Chem import rdFingerprintGenerator
        from rdkit.rdBase import BlockLogs
    except ImportError as error:
        sentence = (
            "Morgan fingerprints need RDKit, which is not installed. Install it with: "
            "pip install 'polytask[molecules]'"
        )
        raise MissingDependencyError(sentence) from error
    texts = list(smiles)
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=radius, fpSize=n_bits)
    bits = np.zeros((len(texts), n_bits), dtype=np.uint8)
    with BlockLogs():  # RDKit writes its warnings to standard error
        for row, text in enumerate(texts):
            bits[row] = generator.GetFingerprintAsNumPy(_molecule(text, row))
    return bits


def _molecule(text: str, row: int) -> Any:
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(text, sanitize=False)
    if molecule is None:
        sentence = (
            f"`smiles` must hold SMILES texts. Got {text!r} (row {row}), which RDKit cannot read. "
            "Correct it or leave the molecule out."
        )
        raise DataError(sentence)
    molecule.UpdatePropertyCache(strict=False)
    flags = Chem.SanitizeFlags
    try:
        Chem.SanitizeMol(molecule, flags.SANITIZE_ALL ^ flags.SANITIZE_PROPERTIES)
    except Chem.MolSanitizeException as error:
        sentence = (
            f"`smiles` must hold SMILES texts of molecules. Got {text!r} (row {row}): {error}. "
            "Correct it or leave the molecule out."
        )
        raise DataError(sentence) from error
    return molecule
