"""Metrics of predictions per task, and Δm, the relative gain over a baseline.

`Metric` (``_metric.py``) is the contract, and ``_rmse.py`` a short example; a metric declares the
kinds it serves and its direction, and gives a `MetricValue`. `metrics_for` chooses the metrics of
a task; `delta_m` averages relative gains over tasks. Begin with `Metric`.
"""

from polytask.metrics._accuracy import Accuracy
from polytask.metrics._average_precision import AveragePrecision
from polytask.metrics._balanced_accuracy import BalancedAccuracy
from polytask.metrics._boxes import Boxes, center_boxes
from polytask.metrics._brier import Brier
from polytask.metrics._check_metrics import check_metrics
from polytask.metrics._choice import default_metric, headline_note, metrics_for, serving_names
from polytask.metrics._chunk_f1 import ChunkF1
from polytask.metrics._class_rows import ClassRow, Decided, class_rows
from polytask.metrics._concordance import Concordance
from polytask.metrics._coverage_error import CoverageError
from polytask.metrics._crps import CRPS
from polytask.metrics._delta_m import DeltaM, delta_m, relative_gain
from polytask.metrics._dense_mae import DenseMAE
from polytask.metrics._dense_relative_error import DenseRelativeError
from polytask.metrics._detection import DetectionScores, detection_scores
from polytask.metrics._expected_calibration_error import ExpectedCalibrationError
from polytask.metrics._explained_variance import ExplainedVariance
from polytask.metrics._f1 import F1
from polytask.metrics._gaussian_log_score import GaussianLogScore
from polytask.metrics._grade_error import GradeError
from polytask.metrics._heat_map_error import HeatMapError
from polytask.metrics._integrated_brier import IntegratedBrier
from polytask.metrics._interval_width import IntervalWidth
from polytask.metrics._labelled_rows import LabelledRows
from polytask.metrics._log_loss import LogLoss
from polytask.metrics._mae import MAE
from polytask.metrics._mcc import MCC
from polytask.metrics._mean_iou import MeanIoU
from polytask.metrics._mean_value import mean_value
from polytask.metrics._metric import Metric
from polytask.metrics._metric_value import MetricValue
from polytask.metrics._nmse import NMSE
from polytask.metrics._pinball import Pinball
from polytask.metrics._pixel_accuracy import PixelAccuracy
from polytask.metrics._poisson_deviance import PoissonDeviance
from polytask.metrics._quadratic_kappa import QuadraticKappa
from polytask.metrics._r2 import R2
from polytask.metrics._ranked_probability_score import RankedProbabilityScore
from polytask.metrics._ranking import RankingScores, ranking_scores
from polytask.metrics._rmse import RMSE
from polytask.metrics._roc_auc import ROCAUC
from polytask.metrics._sequence_accuracy import SequenceAccuracy
from polytask.metrics._step_mae import StepMAE
from polytask.metrics._step_rmse import StepRMSE
from polytask.metrics._threshold import best_thresholds, threshold_metric
from polytask.metrics._token_accuracy import TokenAccuracy
from polytask.metrics._top_k import TopK
from polytask.metrics._within_factor import WithinFactor

__all__ = [
    "CRPS",
    "F1",
    "MAE",
    "MCC",
    "NMSE",
    "R2",
    "RMSE",
    "ROCAUC",
    "Accuracy",
    "AveragePrecision",
    "BalancedAccuracy",
    "Boxes",
    "Brier",
    "ChunkF1",
    "ClassRow",
    "Concordance",
    "CoverageError",
    "Decided",
    "DeltaM",
    "DenseMAE",
    "DenseRelativeError",
    "DetectionScores",
    "ExpectedCalibrationError",
    "ExplainedVariance",
    "GaussianLogScore",
    "GradeError",
    "HeatMapError",
    "IntegratedBrier",
    "IntervalWidth",
    "LabelledRows",
    "LogLoss",
    "MeanIoU",
    "Metric",
    "MetricValue",
    "Pinball",
    "PixelAccuracy",
    "PoissonDeviance",
    "QuadraticKappa",
    "RankedProbabilityScore",
    "RankingScores",
    "SequenceAccuracy",
    "StepMAE",
    "StepRMSE",
    "TokenAccuracy",
    "TopK",
    "WithinFactor",
    "best_thresholds",
    "center_boxes",
    "check_metrics",
    "class_rows",
    "default_metric",
    "delta_m",
    "detection_scores",
    "headline_note",
    "mean_value",
    "metrics_for",
    "ranking_scores",
    "relative_gain",
    "serving_names",
    "threshold_metric",
]
