"""Encoders of input columns: fitted on training rows, frozen, saved as JSON.

Begin with `_column.Column`, the contract; each file holds one encoder, and `_fit_columns` chooses
among them by a column's role or by what it holds.
"""

from polytask.data.columns._categorical_column import CategoricalColumn
from polytask.data.columns._column import Column
from polytask.data.columns._fit_columns import ENCODERS, fit_columns, unusable

__all__ = [
    "ENCODERS",
    "CategoricalColumn",
    "Column",
    "fit_columns",
    "unusable",
]
