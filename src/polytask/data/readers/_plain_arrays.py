"""Arrays of any library as plain numpy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from polytask._validation import describe
from polytask.exceptions import DataError

__all__ = ["as_array", "is_sparse", "is_tensor"]

_MOST_BYTES = 2**32


def is_tensor(kind: type) -> bool:
    """Whether objects of this class are torch's tensors, or behave alike."""
    return all(hasattr(kind, method) for method in ("detach", "cpu", "numpy"))


def is_sparse(values: object) -> bool:
    """Whether it is a sparse matrix or array of scipy, or one that behaves alike."""
    return all(hasattr(values, name) for name in ("toarray", "nnz", "shape"))


def as_array(values: Any) -> np.ndarray:
    """A plain numpy array of what any library holds; masks are kept, nothing else is changed.

    Parameters
    ----------
    values : numpy array, masked array, tensor, sparse matrix, or nested lists
        Tensors may require gradients and lie on any device; cells of a sparse matrix that are
        not stored are 0.

    Raises
    ------
    DataError
        If a tensor has no values, or a sparse matrix is too large to be stored with its zeros.

    Examples
    --------
    >>> import scipy.sparse
    >>> from polytask.data.readers._plain_arrays import as_array
    >>> as_array(scipy.sparse.eye_array(2))
    array([[1., 0.],
           [0., 1.]])
    """
    if is_tensor(type(values)):
        values = _detached(values)
    if is_sparse(values):
        values = _dense(values)
    if isinstance(values, np.ma.MaskedArray):
        return values
    array = _from_lists(values)
    if array.dtype.kind in "iufcmM" and not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return array.astype(np.float64) if array.dtype == np.longdouble else array


def _from_lists(values: Any) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError as error:  # of lists that differ in length
        sentence = (
            "The rows of an array must have one length. Pad them to one, or give a mapping of "
            f"names to columns. Got {describe(values)}."
        )
        raise DataError(sentence) from error


def _detached(tensor: Any) -> Any:
    if getattr(tensor, "is_meta", False):
        raise DataError("A tensor on the device 'meta' has no values. Give one that has.")
    if getattr(tensor, "is_quantized", False):
        tensor = tensor.dequantize()
    plain = tensor.detach().to_dense() if _is_sparse_tensor(tensor) else tensor.detach()
    plain = plain.cpu()
    try:
        return plain.resolve_conj().resolve_neg().numpy()
    except TypeError:  # bfloat16, which numpy does not know
        return plain.float().numpy()


def _is_sparse_tensor(tensor: Any) -> bool:
    return "sparse" in str(getattr(tensor, "layout", ""))


def _dense(matrix: Any) -> np.ndarray:
    size = int(np.prod(matrix.shape, dtype=object)) * np.dtype(matrix.dtype).itemsize
    if size > _MOST_BYTES:
        sentence = (
            f"A sparse matrix of shape {tuple(matrix.shape)} takes {size / 2**30:.0f} GiB with its "
            "zeros, which no learner here leaves out. Make it narrower, such as by "
            "sklearn.decomposition.TruncatedSVD or sklearn.feature_selection.SelectKBest."
        )
        raise DataError(sentence)
    return np.asarray(matrix.toarray())
