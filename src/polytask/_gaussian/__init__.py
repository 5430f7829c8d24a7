"""Stationary kernels, and marginal likelihoods of Gaussian processes: that of complete tables, and their maximisation."""

from polytask._gaussian._bounds import kernel_bounds, noise_bounds, principal_factor
from polytask._gaussian._kronecker_likelihood import Decomposition, Layout, Likelihood
from polytask._gaussian._maximise import (
    Maximum,
    ValueAndGradient,
    maximise,
    warn_unless_converged,
)
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
    "Maximum",
    "ValueAndGradient",
    "kernel_and_slope",
    "kernel_bounds",
    "kernel_of_scales",
    "log_spread",
    "maximise",
    "noise_bounds",
    "principal_factor",
    "warn_unless_converged",
]
