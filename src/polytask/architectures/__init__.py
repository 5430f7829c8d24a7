"""Inputs → raw scores: what tasks share, as recipes that build torch modules."""

from polytask.architectures._architecture import Architecture, MultiTaskModule, Raw
from polytask.architectures._encoder import CustomEncoder, Encoder
from polytask.architectures._hard_sharing import HardSharing
from polytask.architectures._mlp import MLP
from polytask.architectures._residual_mlp import ResidualMLP
from polytask.architectures._single_task import SingleTask

__all__ = [
    "MLP",
    "Architecture",
    "CustomEncoder",
    "Encoder",
    "HardSharing",
    "MultiTaskModule",
    "Raw",
    "ResidualMLP",
    "SingleTask",
]
