"""Encoders of input columns: fitted on training rows, frozen, saved as JSON.

Begin with ``_column.py``, the contract. Each file holds one encoder; ``_fit_columns.py`` chooses
one by a column's role or type.
"""

from polytask.data.columns._categorical_column import MOST_CATEGORIES, CategoricalColumn
from polytask.data.columns._category_labels import n_distinct
from polytask.data.columns._characters_column import CharactersColumn
from polytask.data.columns._column import Column
from polytask.data.columns._fit_columns import ENCODERS, column_type, fit_columns, unusable
from polytask.data.columns._hashed_column import HashedColumn
from polytask.data.columns._image_column import ImageColumn
from polytask.data.columns._pieces_column import PiecesColumn
from polytask.data.columns._row_steps import row_steps
from polytask.data.columns._sequence_column import SequenceColumn
from polytask.data.columns._smiles_column import SmilesColumn
from polytask.data.columns._stepped_column import SteppedColumn
from polytask.data.columns._tensor_column import TensorColumn
from polytask.data.columns._text_column import TextColumn
from polytask.data.columns._tokenizer import Tokenizer
from polytask.data.columns._tokens_column import TokensColumn

__all__ = [
    "ENCODERS",
    "MOST_CATEGORIES",
    "CategoricalColumn",
    "CharactersColumn",
    "Column",
    "HashedColumn",
    "ImageColumn",
    "PiecesColumn",
    "SequenceColumn",
    "SmilesColumn",
    "SteppedColumn",
    "TensorColumn",
    "TextColumn",
    "Tokenizer",
    "TokensColumn",
    "column_type",
    "fit_columns",
    "n_distinct",
    "row_steps",
    "unusable",
]
