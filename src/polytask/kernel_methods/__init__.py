"""Kernel methods that learn several tasks together, by scikit-learn's contract.

The kernel of two rows of two tasks is that of the rows times the covariance of the tasks
(`KernelEstimator`), or a sum of kernels with weights of each task (`MultipleKernel`). Each method is one file.
"""

from polytask.kernel_methods._kronecker_gaussian_process_regressor import (
    KroneckerGaussianProcessRegressor,
)
from polytask.kernel_methods._multi_task_kernel_ridge import MultiTaskKernelRidge
from polytask.kernel_methods._multi_task_kernel_ridge_classifier import (
    MultiTaskKernelRidgeClassifier,
)
from polytask.kernel_methods._multi_task_svc import MultiTaskSVC
from polytask.kernel_methods._multi_task_svr import MultiTaskSVR
from polytask.kernel_methods._multiple_kernel_classifier import MultipleKernelClassifier
from polytask.kernel_methods._multiple_kernel_regressor import MultipleKernelRegressor

__all__ = [
    "KroneckerGaussianProcessRegressor",
    "MultiTaskKernelRidge",
    "MultiTaskKernelRidgeClassifier",
    "MultiTaskSVC",
    "MultiTaskSVR",
    "MultipleKernelClassifier",
    "MultipleKernelRegressor",
]
