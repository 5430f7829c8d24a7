"""Gaussian processes of several tasks, by scikit-learn's contract; labels may be missing, rows may belong to one task.

The covariance of two rows of two tasks is a sum of kernels of the rows times covariances of the tasks
(`CoregionalizedRegressor`). Complete tables are learned by one kernel in numpy. GPyTorch (``polytask[gp]``) gives the likelihood of
other labels, of several kernels and with inducing rows, and is imported only to fit them; models are numpy arrays, which predict
and load without it.
"""

from polytask.gaussian_processes._icm_regressor import ICMRegressor
from polytask.gaussian_processes._lmc_regressor import LMCRegressor

__all__ = ["ICMRegressor", "LMCRegressor"]
