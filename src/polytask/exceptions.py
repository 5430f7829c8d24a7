"""Errors: each derives from `PolytaskError` and from the standard class people already catch."""

from collections.abc import Sequence

__all__ = [
    "BundleError",
    "CheckpointError",
    "DataError",
    "DatasetUnavailableError",
    "DiskError",
    "MissingDependencyError",
    "NonFiniteLossError",
    "NotFittedError",
    "ObserverError",
    "OneClassError",
    "OutputError",
    "ParameterError",
    "PolytaskError",
    "SourceFileError",
    "StudyError",
    "TooFewRowsError",
    "UnknownNameError",
    "UnservedNeedError",
    "UntrustedError",
    "WorkerError",
]


class PolytaskError(Exception):
    """Root of every error that polytask raises on purpose."""


class ParameterError(PolytaskError, ValueError):
    """An argument lies outside what its owner accepts."""


class UnknownNameError(ParameterError):
    """A name that no public object of the room carries."""


class DataError(PolytaskError, ValueError):
    """A table, a column or a target that cannot be learned from as it is."""


class OneClassError(DataError):
    """A target of which all labels are of one class, from which nothing can be learned.

    Attributes
    ----------
    label : str, int, float or None
        The class, where it is one and the same.
    observed : str
        What alone is observed, in words, where it is no class.
    """

    def __init__(self, sentence: str, label: object = None, observed: str = "") -> None:
        super().__init__(sentence)
        self.label, self.observed = label, observed


class TooFewRowsError(DataError):
    """Tasks with fewer rows than a split has parts, or with none to learn from.

    Attributes
    ----------
    tasks : tuple of str
    why : str
        Words to stand after their names.
    """

    def __init__(self, sentence: str, tasks: Sequence[str] = (), why: str = "") -> None:
        super().__init__(sentence)
        self.tasks = tuple(tasks)
        self.why = why


class SourceFileError(PolytaskError, OSError):
    """A data file that is missing, empty or of an unknown type."""


class DatasetUnavailableError(PolytaskError, OSError):
    """A public data set that is neither at hand nor reachable."""


class NotFittedError(PolytaskError, ValueError, AttributeError):
    """Something was asked of an object that has not been fitted."""


class NonFiniteLossError(PolytaskError, ArithmeticError):
    """A task's loss is infinite or not a number."""


class UnservedNeedError(PolytaskError, TypeError):
    """A balancing method needs what the network or loop cannot give."""


class ObserverError(PolytaskError, RuntimeError):
    """An observer of a training failed, or returned what a record cannot keep."""


class BundleError(PolytaskError, ValueError):
    """A saved model that is incomplete, altered or of an unknown version."""


class UntrustedError(BundleError):
    """A file names code that is not polytask's own and that nobody said to trust."""


class StudyError(PolytaskError, ValueError):
    """An output folder that holds another study, or records that contradict each other."""


class CheckpointError(StudyError, ParameterError):
    """A checkpoint of another recipe, data set or seed, which says nothing of this training."""


class OutputError(PolytaskError, OSError):
    """A place that cannot be written: a read-only disk, a missing permission, a file in the way."""


class DiskError(OutputError):
    """Results that cannot be written for now: a full disk, a folder that was removed meanwhile."""


class WorkerError(PolytaskError, RuntimeError):
    """A worker process that could not be started, or that ended before its run did."""


class MissingDependencyError(PolytaskError, ImportError):
    """An optional package that the called function needs."""
