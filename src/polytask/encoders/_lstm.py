"""LSTM network over the steps of text, tokens or sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from polytask.encoders._recurrent import Recurrent

__all__ = ["LSTM"]


@dataclass(frozen=True)
class LSTM(Recurrent):
    r"""Long short-term memory over the steps of a row, in both directions.

    .. math:: c_t = \sigma(f_t) \odot c_{t-1} + \sigma(i_t) \odot \tanh(g_t), \qquad
              h_t = \sigma(o_t) \odot \tanh(c_t)

    with gates (i, f, g, o), each linear in the step's vector and in :math:`h_{t-1}`.
    The second direction reads a row's steps from the last to the first; both are joined. Steps
    that a row does not have change nothing.

    Parameters
    ----------
    width : int, default 128
        Units of each direction.
    depth : int, default 1
        Layers, of which each is a stage.
    bidirectional : bool, default True
        Whether steps are read in both directions.
    dropout : float in [0, 1), default 0.2
        Of what each layer takes, and of what the last one gives.
    word_dim : int, default 64
        Width of the vectors of words, and of the numbers of a sequence.
    word_dropout : float in [0, 1), default 0.05
        Probability of a word to be taken for an unknown one in training.
    pooling : {None, "last", "max", "mean", "attention"}, default None
        What makes one vector of a row's steps. With None the steps stay, for tasks that label them;
        other tasks have the mean.
    embedding_dim : int, default 8
        Width of the category embedding, of rows with categories beside their steps.
    numbers : NumericEmbedding or str, default Standardized()
        Embedding of numeric columns beside the steps.

    Notes
    -----
    Layers of several copies, such as those of single-task networks, run one after another.

    References
    ----------
    Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9, 1997. Schuster and
    Paliwal, "Bidirectional recurrent neural networks", IEEE Transactions on Signal Processing 45,
    1997.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import LSTM
    >>> HardSharing(LSTM(width=64)).encoder.bidirectional
    True
    """

    cells: ClassVar[type[nn.LSTM] | type[nn.GRU]] = nn.LSTM
