"""Encoders: recipes that turn the parts of a row into features.

An `Encoder` is a recipe. Its `entry` turns the named parts of a source into a `State`, and its
stages transform that state, so that an architecture can share some of them and repeat others. Begin
with `Encoder`, then read `MLP`, which is one file of few lines.
"""

from polytask.encoders._bin_coordinates import BinCoordinates
from polytask.encoders._by_role import ByRole
from polytask.encoders._character_cnn import CharacterCNN
from polytask.encoders._cnn import CNN
from polytask.encoders._custom_encoder import CustomEncoder
from polytask.encoders._dcn import DCN
from polytask.encoders._encoder import Encoder
from polytask.encoders._ft_transformer import FTTransformer
from polytask.encoders._gru import GRU
from polytask.encoders._hugging_face_text import HuggingFaceText
from polytask.encoders._lstm import LSTM
from polytask.encoders._mlp import MLP
from polytask.encoders._n_gram_bag import NGramBag
from polytask.encoders._numeric_embedding import NumericEmbedding
from polytask.encoders._packed_mlp import PackedMLP
from polytask.encoders._periodic import Periodic
from polytask.encoders._piecewise_linear import PiecewiseLinear
from polytask.encoders._pooling import mean_pool
from polytask.encoders._pretrained import Pretrained
from polytask.encoders._res_net import ResNet
from polytask.encoders._residual_mlp import ResidualMLP
from polytask.encoders._standardized import Standardized
from polytask.encoders._state import MaskedStage, State, advance
from polytask.encoders._tab_m import TabM
from polytask.encoders._table_entry import TableEntry
from polytask.encoders._temporal_cnn import TemporalCNN
from polytask.encoders._transformer import Transformer
from polytask.encoders._u_net import UNet
from polytask.encoders._vi_t import ViT

__all__ = [
    "CNN",
    "DCN",
    "GRU",
    "LSTM",
    "MLP",
    "BinCoordinates",
    "ByRole",
    "CharacterCNN",
    "CustomEncoder",
    "Encoder",
    "FTTransformer",
    "HuggingFaceText",
    "MaskedStage",
    "NGramBag",
    "NumericEmbedding",
    "PackedMLP",
    "Periodic",
    "PiecewiseLinear",
    "Pretrained",
    "ResNet",
    "ResidualMLP",
    "Standardized",
    "State",
    "TabM",
    "TableEntry",
    "TemporalCNN",
    "Transformer",
    "UNet",
    "ViT",
    "advance",
    "mean_pool",
]
