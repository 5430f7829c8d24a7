"""Adapter of joint estimators, which learn several tasks at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from sklearn.base import is_classifier, is_regressor

from polytask._learner import Learner
from polytask._listing import count, enumerated
from polytask._paths import Setting, settings_of
from polytask._validation import (
    Choice,
    Constraint,
    Each,
    InstanceOf,
    OneOf,
    Satisfies,
    check_parameters,
)
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Source, joined_inputs
from polytask.estimators import MultiTaskEstimator
from polytask.learners._estimators import (
    ESTIMATOR,
    SPACE,
    as_tuple,
    declared_ranges,
    draws,
    learns_standardized,
)
from polytask.learners._fit_joint import fit_joint
from polytask.learners._global_generator import seeded_global_generator
from polytask.learners._joint_methods import method_name
from polytask.learners._joint_pools import Pool, family_of, make_pools, pool_schemas
from polytask.learners._joint_rows import joint_rows
from polytask.learners._per_task_estimator import PerTaskEstimator
from polytask.learners._workbench import Workbench
from polytask.predictor import EstimatorsPart, FittedPredictor, is_joint
from polytask.ranges import SearchRange
from polytask.tasks import TaskSet

__all__ = ["JointEstimator"]

_JOINT = Satisfies(
    lambda value: ESTIMATOR.accepts(value) and is_joint(value),
    "an unfitted estimator whose fit takes tasks=, as those of polytask.linear_model do",
)
_WORDS = {
    "numbers": "task of numbers",
    "counts": "task of counts",
    "events": "task of two classes",
    "classes": "task of several classes",
}


@dataclass(frozen=True)
class JointEstimator(Learner):
    r"""A joint estimator, such as those of `polytask.linear_model`, fitted on several tasks at once.

    Tasks of numbers are learned together, so are counts, tasks of two classes with the labels of multilabel
    tasks, and tasks of more classes. Tasks of one table share its rows, whose missing labels are left out of
    the losses. Rows that belong to one task each are fitted with ``tasks=``. Sources with the same input
    columns are fitted together, over which numbers are standardised and categories found; tasks of other
    inputs are learned apart.

    .. math:: \min_W \sum_k \frac{\omega_k}{\sum_i v_{ik}} \sum_i v_{ik} \,
        \ell(x_i^\top w_k + b_k, y_{ik}) + \alpha \, \Omega(W)

    with row weights :math:`v_{ik}` (times class weights), the weight :math:`\omega_k` of the task,
    and the penalty :math:`\Omega` of the estimator. Targets of regressions are standardised, so that
    units do not change what is shared.

    Parameters
    ----------
    estimator : estimator or tuple of them
        Unfitted regressor or classifier whose `fit` takes ``tasks=``, or one of each. An open
        ``random_state`` is seeded.
    name : str, optional
        Name in tables; by default that of the estimator's class without “Regressor” or “Classifier”.
    categorical : {"one_hot", "codes"}, default "one_hot"
        Categories as indicators, or as whole numbers with 0 for unknown ones.
    space : mapping of setting to Range, Choices or tuple of values, optional
        Search ranges, in place of those that the estimators declare.

    Notes
    -----
    Task weights reach estimators whose `fit` takes ``task_weights``, row weights those whose `fit`
    takes ``sample_weight``; a remark in the history says where they are ignored.

    Examples
    --------
    >>> import polytask
    >>> from polytask.learners import JointEstimator
    >>> from polytask.linear_model import L21Regressor
    >>> sizes = range(40)
    >>> table = {
    ...     "size": sizes,
    ...     "price": [2.0 * size for size in sizes],
    ...     "tax": [3.0 * size for size in sizes],
    ... }
    >>> data = polytask.read(table, ["price:regression", "tax:regression"])
    >>> model = polytask.fit(data, JointEstimator(L21Regressor(alpha=0.001)))
    >>> model.name, model.predict({"size": [10]})["tax"].response.round()
    ('l21', array([30.]))
    """

    estimator: Any
    name: str = ""
    categorical: Literal["one_hot", "codes"] = "one_hot"
    space: Mapping[str, SearchRange | tuple[object, ...]] = field(default_factory=dict)

    joint: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "estimator": OneOf((_JOINT, Each(_JOINT, minimum=1))),
        "name": InstanceOf((str,)),
        "categorical": Choice(("one_hot", "codes")),
        "space": SPACE,
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        for estimator in as_tuple(self.estimator):
            if hasattr(type(estimator), "parameter_constraints"):
                check_parameters(estimator)
        names = dict.fromkeys(map(_method, as_tuple(self.estimator)))
        object.__setattr__(self, "name", self.name or "_".join(names))

    def uses_seed(self, train: MultiTaskDataset) -> bool:
        """Whether an estimator may draw, as all but those of polytask without a ``random_state``."""
        del train
        return draws(as_tuple(self.estimator))

    def settings(self) -> Sequence[Setting]:
        """Every setting that may be replaced; those of the estimators by their own names."""
        return [replace(each, short=_short(each.path)) for each in settings_of(self)]

    def search_space(self) -> Mapping[str, SearchRange]:
        """The ranges that the estimators declare, and those of `space`, around their own values."""
        return declared_ranges(self._ranges(), self.settings(), self.name)

    def single_task(self) -> PerTaskEstimator:
        """The same estimators, fitted on each task alone, with ranges that have an effect there.

        An estimator that needs several tasks names what stands in for it (`MultiTaskEstimator.alone`).
        """
        own = as_tuple(self.estimator)
        alone = tuple(
            each.alone() if isinstance(each, MultiTaskEstimator) else each for each in own
        )
        replaced = [each for each, given in zip(alone, own, strict=True) if each is not given]
        name = "_".join(dict.fromkeys(map(_method, replaced))) or self.name
        return PerTaskEstimator(
            alone if isinstance(self.estimator, tuple) else alone[0],
            f"per_task_{name}",
            categorical=self.categorical,
            space=_declared(alone, "single_task_ranges", "search_ranges")
            | (dict(self.space) if not replaced else {}),
        )

    @property
    def remedy(self) -> str:
        """Which kinds of tasks are served, and by whom others are."""
        estimators = as_tuple(self.estimator)
        served = {
            "classes": any(map(is_classifier, estimators)),
            "numbers": any(map(is_regressor, estimators)),
        }
        kinds = " and ".join(name for name, has in served.items() if has)
        return f"It learns {kinds}; leave other tasks to a model that serves them, such as linear."

    def serves(self, tasks: TaskSet) -> bool:
        """Whether every task is of numbers or classes, and there is an estimator of these."""
        estimators = as_tuple(self.estimator)
        return all(family_of(task.known_kind, estimators) is not None for task in tasks)

    def refuses(self, data: MultiTaskDataset) -> str | None:
        """That no two tasks would share anything, if so; a single task is learned alone."""
        shared = any(pool.n_columns > 1 for pool in self._pools(data))
        if shared or len(data.tasks) == 1:
            return None
        return (
            f"{self.name} shares nothing between {enumerated(map(repr, data.tasks.names))}: it learns "
            "together what is of one kind (numbers, counts, two classes, more classes) and has the same input "
            "columns. Use hard_sharing, which shares between kinds and inputs, or a model per task "
            "such as linear."
        )

    def notes(self, data: MultiTaskDataset) -> Sequence[str]:
        """Which sources are learned together, and which tasks share nothing."""
        pools = list(self._pools(data))
        together = dict.fromkeys(
            tuple(source.name for source in pool.carrying)
            for pool in pools
            if len(pool.carrying) > 1
        )
        notes = [
            f"{self.name} learns the sources {enumerated(map(repr, names))} together, since they have "
            "the same input columns."
            for names in together
        ]
        if len(data.tasks) == 1:
            return notes
        alone = [pool for pool in pools if pool.n_columns == 1]
        return notes + [
            f"{self.name} learns {pool.tasks[0].name!r} alone: it is the only {_WORDS[pool.family]} "
            "with these input columns."
            for pool in alone
        ]

    def fit(
        self, train: MultiTaskDataset, validation: MultiTaskDataset, seed: int, budget: Budget
    ) -> FittedPredictor:
        """Fit one estimator for each kind of tasks and inputs; validation rows and the budget are ignored."""
        train = train.without_zero_weights()
        bench = Workbench(
            self.name,
            as_tuple(self.estimator),
            self.categorical,
            train,
            seed,
            schemas=pool_schemas(train),
        )
        joined: dict[tuple[Source, ...], Source] = {}
        with seeded_global_generator(seed):
            for pool in self._pools(train):
                if pool.sources not in joined:
                    joined[pool.sources] = joined_inputs(pool.sources)
                for part in _fit_pool(bench, pool, joined[pool.sources], train):
                    bench.add(part)
        return bench.predictor()

    def _pools(self, data: MultiTaskDataset) -> Sequence[Pool]:
        return list(make_pools(data, as_tuple(self.estimator)))

    def _ranges(self) -> dict[str, SearchRange | tuple[object, ...]]:
        return _declared(as_tuple(self.estimator), "search_ranges") | dict(self.space)


def _declared(
    estimators: Sequence[Any], *attributes: str
) -> dict[str, SearchRange | tuple[object, ...]]:
    """Ranges that estimators declare, each by the first of the attributes that it sets."""
    ranges: dict[str, Any] = {}
    for estimator in reversed(estimators):
        own = (getattr(type(estimator), attribute, None) for attribute in attributes)
        ranges |= next((each for each in own if each is not None), {})
    return ranges


def _method(estimator: Any) -> str:
    """The name of an estimator's method; of a search around a joint estimator that of the inner one with “cv”."""
    inner = estimator.get_params(deep=False).get("estimator")
    if inner is None or not is_joint(inner):
        return method_name(type(estimator))
    return f"{method_name(type(inner))}_cv"


def _short(path: str) -> str:
    """The path of a setting without that of the estimators."""
    name = path.removeprefix("estimator.")
    return path if name in JointEstimator.parameter_constraints else name


def _fit_pool(
    bench: Workbench, pool: Pool, inputs: Source, train: MultiTaskDataset
) -> Iterator[EstimatorsPart]:
    """Fit the tasks of a pool; one part for each source that has some."""
    names = tuple(task.name for task in pool.tasks)
    estimator = bench.estimator(pool.tasks[0])
    design, X = bench.table(inputs, estimator)
    standardized = learns_standardized(estimator)
    rows = joint_rows(X, pool, train, bench.targets, standardized=standardized)
    estimator, _ = bench.with_code_columns(estimator, inputs, design)
    outputs = pool.outputs(bench.targets)
    weights = [task.weight for task in pool.tasks for _ in outputs[task.name]]
    remark = bench.remarks.about(names)
    if rows.completed:
        remark(
            f"of {count(rows.completed, 'label')} the training rows hold one class alone, so a row of mean inputs "
            "with the other class is added"
        )
    fitted = fit_joint(estimator, rows, weights, remark)
    several = len(weights) > 1
    for source in pool.carrying:
        own = tuple(name for name in names if name in source.tasks.names)
        yield EstimatorsPart(
            source.name,
            own,
            (fitted,),
            design,
            spread=several,
            standardized=standardized,
            outputs=tuple(k for name in own for k in outputs[name]) if several else (),
            by_row=rows.tasks is not None,
        )
