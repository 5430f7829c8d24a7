"""Samplers: which rows of which sources make a batch.

`Sampler` is the contract; each method is a file of its own. For a sampler of your own begin with
`MixedSampler`, which asks for nothing but the proportions of the sources.
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
