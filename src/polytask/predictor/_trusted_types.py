"""The types that scikit-learn's fitted estimators consist of, by the loader of skops.

Written by ``tests/estimator_types.py``, which saves every estimator that a learner can take.
Subclasses of BaseEstimator are judged by where they are defined and not listed.
"""

__all__ = ["TRUSTED_TYPES"]

TRUSTED_TYPES: dict[str, frozenset[str]] = {
    "DTypeNode": frozenset(
        {
            "numpy.dtype",
        }
    ),
    "DictNode": frozenset(
        {
            "builtins.dict",
            "sklearn.utils._bunch.Bunch",
        }
    ),
    "ListNode": frozenset(
        {
            "builtins.list",
        }
    ),
    "LossNode": frozenset(
        {
            "sklearn._loss._loss.CyAbsoluteError",
            "sklearn._loss._loss.CyExponentialLoss",
            "sklearn._loss._loss.CyHalfBinomialLoss",
            "sklearn._loss._loss.CyHalfGammaLoss",
            "sklearn._loss._loss.CyHalfMultinomialLoss",
            "sklearn._loss._loss.CyHalfPoissonLoss",
            "sklearn._loss._loss.CyHalfSquaredError",
            "sklearn._loss._loss.CyHalfTweedieLoss",
            "sklearn._loss._loss.CyHalfTweedieLossIdentity",
            "sklearn._loss._loss.CyHuberLoss",
            "sklearn._loss._loss.CyPinballLoss",
            "sklearn.linear_model._sgd_fast.Hinge",
            "sklearn.linear_model._sgd_fast.ModifiedHuber",
            "sklearn.linear_model._sgd_fast.SquaredHinge",
        }
    ),
    "MaskedArrayNode": frozenset(
        {
            "numpy.ma.MaskedArray",
        }
    ),
    "NdArrayNode": frozenset(
        {
            "numpy.bool",
            "numpy.float32",
            "numpy.float64",
            "numpy.int32",
            "numpy.int64",
            "numpy.ndarray",
            "numpy.uint64",
        }
    ),
    "ObjectNode": frozenset(
        {
            "sklearn._loss.link.HalfLogitLink",
            "sklearn._loss.link.IdentityLink",
            "sklearn._loss.link.Interval",
            "sklearn._loss.link.LogLink",
            "sklearn._loss.link.LogitLink",
            "sklearn._loss.link.MultinomialLogit",
            "sklearn._loss.loss.AbsoluteError",
            "sklearn._loss.loss.ExponentialLoss",
            "sklearn._loss.loss.HalfBinomialLoss",
            "sklearn._loss.loss.HalfGammaLoss",
            "sklearn._loss.loss.HalfMultinomialLoss",
            "sklearn._loss.loss.HalfPoissonLoss",
            "sklearn._loss.loss.HalfSquaredError",
            "sklearn._loss.loss.HalfTweedieLoss",
            "sklearn._loss.loss.HalfTweedieLossIdentity",
            "sklearn._loss.loss.HuberLoss",
            "sklearn._loss.loss.PinballLoss",
            "sklearn.calibration._CalibratedClassifier",
            "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
            "sklearn.gaussian_process.kernels.ConstantKernel",
            "sklearn.gaussian_process.kernels.DotProduct",
            "sklearn.gaussian_process.kernels.ExpSineSquared",
            "sklearn.gaussian_process.kernels.Exponentiation",
            "sklearn.gaussian_process.kernels.Matern",
            "sklearn.gaussian_process.kernels.Product",
            "sklearn.gaussian_process.kernels.RBF",
            "sklearn.gaussian_process.kernels.RationalQuadratic",
            "sklearn.gaussian_process.kernels.Sum",
            "sklearn.gaussian_process.kernels.WhiteKernel",
            "sklearn.metrics._dist_metrics.ChebyshevDistance64",
            "sklearn.metrics._dist_metrics.EuclideanDistance64",
            "sklearn.metrics._dist_metrics.ManhattanDistance64",
            "sklearn.metrics._dist_metrics.MinkowskiDistance64",
            "sklearn.metrics._scorer._PassthroughScorer",
            "sklearn.model_selection._split.KFold",
            "sklearn.model_selection._split.StratifiedKFold",
            "sklearn.neighbors._ball_tree.BallTree",
            "sklearn.neighbors._kd_tree.KDTree",
            "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
            "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        }
    ),
    "RandomGeneratorNode": frozenset(
        {
            "numpy.random._generator.Generator",
        }
    ),
    "RandomStateNode": frozenset(
        {
            "numpy.random.mtrand.RandomState",
        }
    ),
    "SliceNode": frozenset(
        {
            "builtins.slice",
        }
    ),
    "SparseMatrixNode": frozenset(
        {
            "scipy.sparse._csr.csr_array",
            "scipy.sparse._csr.csr_matrix",
        }
    ),
    "TreeNode": frozenset(
        {
            "sklearn.tree._tree.Tree",
        }
    ),
    "TupleNode": frozenset(
        {
            "builtins.tuple",
        }
    ),
    "TypeNode": frozenset(
        {
            "builtins.float",
            "builtins.int",
            "builtins.str",
            "numpy.float64",
        }
    ),
}
