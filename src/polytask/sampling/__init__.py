"""Samplers: the choice of the rows and sources that make a batch.

Begin with ``_sampler.py``, which states the contract; each method is a file of its own. A sampler
of your own best extends `MixedSampler`, which requires only the proportions of the sources.
"""

from polytask.sampling._annealed_temperature import AnnealedTemperature
from polytask.sampling._dynamic import Dynamic
from polytask.sampling._mixed_sampler import MixedSampler
from polytask.sampling._proportional import Proportional
from polytask.sampling._round_robin import RoundRobin
from polytask.sampling._sampler import Sampler
from polytask.sampling._temperature import Temperature
from polytask.sampling._uniform import Uniform

__all__ = [
    "AnnealedTemperature",
    "Dynamic",
    "MixedSampler",
    "Proportional",
    "RoundRobin",
    "Sampler",
    "Temperature",
    "Uniform",
]
