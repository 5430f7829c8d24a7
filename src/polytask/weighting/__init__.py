"""Losses → weights: scalar functions of the losses that know nothing of networks."""

from polytask.weighting._equal import Equal
from polytask.weighting._static import Static
from polytask.weighting._uncertainty_weighting import UncertaintyWeighting
from polytask.weighting._weighting import Weighting

__all__ = ["Equal", "Static", "UncertaintyWeighting", "Weighting"]
