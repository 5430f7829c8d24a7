"""Stationary kernels and the marginal likelihood of Gaussian processes on complete tables, in numpy."""

from polytask._gaussian._kronecker_likelihood import Decomposition, Layout, Likelihood
from polytask._gaussian._stationary_kernel import (
    STATIONARY_KERNELS,
    kernel_and_slope,
    kernel_of_scales,
    log_spread,
)

__all__ = [
    "STATIONARY_KERNELS",
    "Decomposition",
    "Layout",
    "Likelihood",
    "kernel_and_slope",
    "kernel_of_scales",
    "log_spread",
]
