"""Abstract base class of learners: everything that can be fitted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from polytask._naming import plus_parts, snake_case
from polytask._paths import Setting, configured, settings_of
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Splitter
from polytask.exceptions import PolytaskError
from polytask.predictor import FittedPredictor, refitted
from polytask.ranges import SearchRange
from polytask.tasks import TaskSet

__all__ = ["FitRequest", "Learner", "OnFitted", "fit_each", "raised_unless"]

OnFitted = Callable[[int, FittedPredictor], None]
"""Receives a position and the predictor that was fitted there."""


class FitRequest(NamedTuple):
    """One of several fits on the same rows: a learner and the seed that it is fitted with.

    Attributes
    ----------
    learner : Learner
    seed : int
    tasks : tuple of str, default ()
        The tasks that are fitted, where these are not all; of a learner with `Learner.learns_apart`.
    """

    learner: Learner
    seed: int
    tasks: tuple[str, ...] = ()

    def rows(self, data: MultiTaskDataset) -> MultiTaskDataset:
        """The data with the tasks that are fitted."""
        return data.of_tasks(self.tasks) if self.tasks else data


class Learner(ABC):
    """An unfitted recipe whose `fit` returns a `FittedPredictor`.

    A learner is a frozen dataclass of plain arguments that goes through JSON. Only `fit` must be
    written; everything else has a default. What the kinds of tasks learn from the scores of training
    rows (`Kind.refit`) is added to the model that `fit` returns.

    Attributes
    ----------
    name : str
        Name in tables and on the command line; by default the class's name in snake case. As a
        field of the dataclass it needs a default.
    joint : bool, default True
        Whether tasks share anything; False for single-task baselines.
    reference : bool, default False
        Whether it is only a baseline that any other learner must beat, as `Constant`: in a
        comparison it is nobody's single-task self, and nothing is measured against it by default.
    resumes : bool, default False
        Whether `fit` takes ``checkpoint=``, a file from which it continues where a killed process
        stood; other learners are fitted anew.
    has_own_budget : bool, default False
        Whether `fit` takes ``budget=None``, and then follows its own settings.
    named_by : str, optional
        Setting that a name on the command line gives (``--model mmoe``), so that ``--set`` does not.
    tuned : tuple of str, optional
        Paths of the settings that `compare` tries in a small grid, in this order; all of
        `search_space` when None.

    Examples
    --------
    A learner that predicts the mean of every task (0 in the standardised units of raw scores):

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> import polytask
    >>> from polytask.data import fit_schemas
    >>> from polytask.learners import Learner
    >>> from polytask.predictor import ConstantModel, FittedPredictor
    >>> @dataclass(frozen=True)
    ... class TaskMean(Learner):
    ...     joint = False
    ...
    ...     def fit(self, train, validation, seed, budget):
    ...         raw = {task.name: np.zeros(1, np.float32) for task in train.tasks}
    ...         return FittedPredictor(train.tasks, fit_schemas(train), ConstantModel(raw))
    >>> table = {"size": range(9), "price": [2.0 * size for size in range(9)]}
    >>> data = polytask.read(table, [polytask.Task("price", "regression")])
    >>> polytask.fit(data, TaskMean(), validation=data).predict({"size": [5]})["price"].response
    array([8.])
    """

    reference: ClassVar[bool] = False
    resumes: ClassVar[bool] = False
    has_own_budget: ClassVar[bool] = False
    named_by: ClassVar[str | None] = None
    tuned: ClassVar[tuple[str, ...] | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        owner = next(base for base in cls.__mro__ if "fit" in vars(base))
        if owner is cls or not issubclass(owner, Learner):
            cls.fit = _refitting(cls.fit)  # type: ignore[method-assign]

    @property
    def name(self) -> str:
        """Name in tables and on the command line."""
        return snake_case(type(self).__name__)

    @property
    def joint(self) -> bool:
        """Whether tasks share anything."""
        return True

    @property
    def remedy(self) -> str:
        """A sentence that follows the refusal of tasks that are not served; empty by default."""
        return ""

    @property
    def takes_preference(self) -> bool:
        """Whether the trade-off between tasks is chosen in predicting; False by default.

        `polytask.compare` judges such a learner with equal preferences, and says so.
        """
        return False

    @abstractmethod
    def fit(
        self,
        train: MultiTaskDataset,
        validation: MultiTaskDataset,
        seed: int,
        budget: Budget,
    ) -> FittedPredictor:
        """Learn from `train`; `validation` decides when to stop and which state is kept.

        Parameters
        ----------
        train, validation : MultiTaskDataset
            Of the same tasks; neither is changed.
        seed : int
            The only source of randomness: equal seeds give equal predictions.
        budget : Budget
            Its steps are the most that an iterative fit may take; others ignore them.
        """

    def uses_seed(self, train: MultiTaskDataset) -> bool:
        """Whether what `fit` learns from training rows depends on the seed; True by default.

        Where it does not, `polytask.compare` fits the learner once for all seeds of a split.
        """
        del train
        return True

    def learns_apart(self, train: MultiTaskDataset) -> bool:
        """Whether `fit_many` learns a task the same without the other tasks; False by default.

        Where it does, and each row of one table is of all tasks, `polytask.compare` fits tasks that keep
        different settings with these alone, each task with its own, and not all tasks with all settings.
        """
        del train
        return False

    def shape(self, train: MultiTaskDataset) -> str | None:
        """What learners must have in common to be fitted together by `fit_many`; None by default.

        Equal texts mean that one program fits them at less cost than one after another. None means
        that the learner is fitted alone.
        """
        del train
        return None

    def fit_many(
        self,
        requests: Sequence[FitRequest],
        train: MultiTaskDataset,
        validation: MultiTaskDataset,
        budget: Budget,
        *,
        checkpoint: Path | None = None,
        on_done: OnFitted | None = None,
        return_errors: bool = False,
    ) -> list[FittedPredictor | PolytaskError]:
        """Fit several learners of this one's `shape` on the same rows, each as `fit` would alone.

        By default one after another.

        Parameters
        ----------
        requests : sequence of FitRequest
            Learners with their settings and seeds, maybe for some tasks only.
        train, validation, budget
            As for `fit`.
        checkpoint : Path, optional
            A folder from which those that resume go on; the default leaves it alone.
        on_done : callable, optional
            Receives the position of a request and its predictor, as soon as it is fitted.
        return_errors : bool, default False
            Whether a `PolytaskError` of a fit takes the place of its predictor in the list. By
            default the first is raised after the other fits have ended.

        Returns
        -------
        list of FittedPredictor
            In the order of `requests`.
        """
        del checkpoint

        def fit(request: FitRequest) -> FittedPredictor:
            own = request.rows(train), request.rows(validation)
            return request.learner.fit(*own, request.seed, budget)

        return fit_each(requests, fit, on_done, return_errors=return_errors)

    def serves(self, tasks: TaskSet) -> bool:
        """Whether the learner can learn these tasks; True by default."""
        del tasks
        return True

    def refuses(self, data: MultiTaskDataset) -> str | None:
        """Reason why the learner cannot learn from a data set whose tasks it serves; None if it can.

        It is called before anything is fitted.
        """
        del data
        return None

    def notes(self, data: MultiTaskDataset) -> Sequence[str]:
        """Sentences on what the learner decides for a data set by itself; none by default.

        `polytask.fit` and `polytask.compare` pass them on to the user.
        """
        del data
        return ()

    @property
    def budget_note(self) -> str | None:
        """A sentence on how the budget is spent, where it is not on one training; None by default.

        `polytask.compare` passes it on, since it compares models of one budget.
        """
        return None

    def for_split(self, splitter: Splitter) -> Learner:
        """The learner for rows that a splitter divides; by default itself.

        One that divides the training rows once more may do that as suits them: no folds of rows that are
        split by time, since these would learn from later rows.

        Parameters
        ----------
        splitter : Splitter
        """
        del splitter
        return self

    def single_task(self) -> Learner | None:
        """The recipe that learns each task alone by the same means, or None."""
        return None

    def twin(self) -> Learner | None:
        """The recipe that learns each task alone with all that this one has, or None.

        A joint network may be better than its single-task baseline since it is larger. Its twin is
        as large and shares nothing.
        """
        return None

    def with_detail(self, detail: str, base: str | None = None) -> Learner:
        """The same recipe under a name that holds some of its settings, ``mmoe(n_experts=4)+mgda``.

        A learner whose class has neither a field `label` nor `name` stays as it is.

        Parameters
        ----------
        detail : str
            The settings as they stand in the name.
        base : str, optional
            The name without them; by default that of the recipe.

        Examples
        --------
        >>> from polytask.neural_network import MultiTaskNetwork
        >>> from polytask.training import Trainer
        >>> network = MultiTaskNetwork(trainer=Trainer(aggregation="mgda", batch_size=64))
        >>> network.with_detail("batch_size=64").name
        'hard_sharing(batch_size=64)+mgda'
        """
        known = {field.name for field in fields(self)}  # type: ignore[arg-type]
        field = next((name for name in ("label", "name") if name in known), None)
        if field is None:
            return self
        name, *words = plus_parts(base or self.name)
        opened = f"{name.removesuffix(')')}, " if name.endswith(")") else f"{name}("
        renamed: Learner = replace(self, **{field: "+".join([f"{opened}{detail})", *words])})  # type: ignore[type-var]
        return renamed

    def settings(self) -> Sequence[Setting]:
        """Every setting that may be replaced, of this recipe and of the recipes in it."""
        return settings_of(self)

    def search_space(self) -> Mapping[str, SearchRange]:
        """The declared range of every tunable setting by its path, around this recipe's own value.

        By default those that this class and the recipes in it declare as ``search_ranges``.
        """
        return {
            setting.short: setting.range.at(setting.value)
            for setting in self.settings()
            if setting.range is not None and setting.range.fits(setting.value)
        }

    def configured(self, settings: Mapping[str, object]) -> Learner:
        """The same recipe with some settings replaced.

        Parameters
        ----------
        settings : mapping of path to value
            A path may leave out its beginning where what remains names one setting:
            ``architecture.encoder.dropout``, ``encoder.dropout``, ``dropout``.

        Raises
        ------
        UnknownNameError
            If a path names no setting; those that are near are named.
        ParameterError
            If a path names several settings, or its owner does not accept the value.
        """
        chosen: Learner = configured(self, settings, type(self).settings)
        return chosen


def _refitting(fit: Callable[..., FittedPredictor]) -> Callable[..., FittedPredictor]:
    """The method `fit` of a learner, whose model has what kinds learn from its scores."""

    @wraps(fit)
    def fitted(
        self: Learner, train: MultiTaskDataset, *args: Any, **options: Any
    ) -> FittedPredictor:
        return refitted(fit(self, train, *args, **options), train)

    return fitted


def fit_each(
    requests: Sequence[FitRequest],
    fit: Callable[[FitRequest], FittedPredictor],
    on_done: OnFitted | None,
    *,
    return_errors: bool,
) -> list[FittedPredictor | PolytaskError]:
    """Fit one request after another; as `Learner.fit_many`."""
    results: list[FittedPredictor | PolytaskError] = []
    for position, request in enumerate(requests):
        try:
            fitted = fit(request)
        except PolytaskError as error:
            results.append(error)
        else:
            results.append(fitted)
            if on_done is not None:
                on_done(position, fitted)
    return raised_unless(results, return_errors=return_errors)


def raised_unless(
    results: Sequence[FittedPredictor | PolytaskError], *, return_errors: bool
) -> list[FittedPredictor | PolytaskError]:
    """The results of several fits; the first error among them is raised unless it is wanted."""
    for result in results:
        if isinstance(result, PolytaskError) and not return_errors:
            raise result
    return list(results)
