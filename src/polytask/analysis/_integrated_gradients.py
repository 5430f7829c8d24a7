"""Attributions of networks by integrated gradients."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask._validation import Constraint, Interval, check_parameters, message
from polytask.analysis._attribution import NO_TRAINING_ROWS, Attribution, Measured
from polytask.analysis._fitted_rounds import FittedRounds, Fold
from polytask.analysis._input_columns import InputColumn
from polytask.exceptions import MissingDependencyError, ParameterError
from polytask.predictor import NetworkModel
from polytask.statistics import Paired, mean_of_units

__all__ = ["IntegratedGradients"]


@dataclass(frozen=True)
class IntegratedGradients(Attribution):
    r"""Mean size of a network's integrated gradients, from an average row to each row.

    .. math:: I_{ic} = \frac{1}{n} \sum_{r=1}^{n} \Bigl| \sum_{d \in c} \frac{1}{B} \sum_{b=1}^{B}
              (x_{rd} - x'_{bd}) \int_0^1 \frac{\partial f_i}{\partial x_d}
              \bigl( x'_b + \alpha (x_r - x'_b) \bigr) \, d\alpha \Bigr|

    with the score :math:`f_i` of task i, its rows :math:`x_r` that the network was not trained on, and
    training rows :math:`x'_b` drawn at random. The sum is over all numbers d that column c is encoded into:
    of categories those of their embeddings; of words, tokens and the steps of sequences those of the first
    module of the network that reads them, which gives a vector per step, or one per row. The path lies on these.
    All attributions of a row together are :math:`f_i(x_r)` less the mean of :math:`f_i(x'_b)`, up to the error
    of the rule.

    Parameters
    ----------
    n_steps : int, default 16
        Points of the Gauss-Legendre rule on every path; doubled up to three times while attributions miss
        more than 5 % of the mean difference of scores.
    baselines : int, default 4
        Training rows B that each row is held against.
    n_rows : int, default 200
        Rows of each task that are attributed, drawn at random where it has more.

    Notes
    -----
    Computed by Captum (`pip install polytask[explain]`). Scores are those before the response: deviations
    of the training rows for numbers, logits for classes. Of several scores of a task, that is taken
    which is largest for the row. Importances are sizes, so that chance makes none 0 and there are no
    p-values; intervals are over rows and over rounds.

    Which steps a row has is not on the path: vectors move at the steps of the row, and where the training
    row has fewer, its vector is that of no word, or of the mean number. What the score changes where then
    the steps of the training row are taken, one column after another, is the column's too. Attributions of
    steps are summed over the row.

    Deviations: several random baselines in place of one, as in expected gradients (Erion et al., 2021).
    Embeddings that a network looks up more than once in a pass, and words or categories of several columns that
    no module reads column by column, such as several texts of one pretrained model, are not served;
    `PermutationImportance` serves all.

    References
    ----------
    Sundararajan, Taly & Yan, "Axiomatic attribution for deep networks", ICML 2017.

    Kokhlikyan et al., "Captum: a unified and generic model interpretability library for PyTorch", 2020.

    Examples
    --------
    >>> from polytask.analysis import IntegratedGradients, attribute
    >>> from polytask.bookkeeping import Budget
    >>> from polytask.datasets import make_related_regression
    >>> data, truth = make_related_regression(n_tasks=2, n_rows=80, n_features=4, seed=0)
    >>> method = IntegratedGradients(n_steps=8, n_rows=20)
    >>> found = attribute(data, method=method, folds=2, seeds=1, budget=Budget(steps=60))
    >>> int(found.matrix[0].argmax()) == int(abs(truth.coef[0]).argmax())
    True
    """

    n_steps: int = 16
    baselines: int = 4
    n_rows: int = 200

    needs: ClassVar[str] = "networks, and Captum"
    meaning: ClassVar[str] = "the mean size of the column's part in the task's score"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "n_steps": Interval(int, 1, 1000),
        "baselines": Interval(int, 1, 1000),
        "n_rows": Interval(int, 2),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def scale_of(self, models: FittedRounds, task: str) -> str:
        """That of the scores."""
        del models, task
        return "score"

    def n_advances(self, tasks: Sequence[str], columns: Sequence[InputColumn]) -> int:
        """Once per task."""
        del columns
        return len(tasks)

    def notes(self, models: FittedRounds) -> tuple[str, ...]:
        """What intervals leave out of training."""
        return super().notes(models) or (NO_TRAINING_ROWS,)

    def check(self, models: FittedRounds) -> None:
        """Raise without Captum, or if a model is no network.

        Raises
        ------
        MissingDependencyError
        ParameterError
        """
        check_captum()
        if not all(isinstance(fold.predictor.model, NetworkModel) for fold in models.folds):
            expected = "a network, since its gradients are taken"
            remedy = "Take the method permutation_importance, which serves every learner."
            got = models.name or type(models.folds[0].predictor.model).__name__
            raise ParameterError(message("attribute", "learner", expected, got, remedy))

    def measure(
        self,
        models: FittedRounds,
        columns: Sequence[InputColumn],
        advance: Callable[[str], None],
    ) -> Measured:
        """Mean sizes, one task after another."""
        found: dict[tuple[str, str], Paired] = {}
        for task in models.tasks:
            named = json.dumps([task, *(column.label for column in columns)])
            own = models.kept(self, named, partial(self._of_task, models, columns, task))
            found |= {(task, label): value for label, value in own.items()}
            advance(f"gradients of {task}")
        return found

    def _of_task(
        self, models: FittedRounds, columns: Sequence[InputColumn], task: str
    ) -> dict[str, Paired]:
        """Mean sizes of all columns of a task."""
        found = {}
        kept = self._chosen(models, task)
        tables = [self._sizes(folds, task, kept, columns) for folds in models.rounds]
        for label in tables[0]:
            values = np.stack([table[label] for table in tables])
            known = np.isfinite(values).all(axis=0)
            if known.any():
                mean = mean_of_units(values[:, known], models.units[kept][known])
                found[label] = Paired(mean.value, mean.interval, None, mean.per_run, mean.n_units)
        return found

    def _chosen(self, models: FittedRounds, task: str) -> np.ndarray:
        """Positions of the rows of a task that are attributed, the same in all rounds."""
        rows = np.concatenate(
            [
                fold.rows[source.name][source.rows_of(task)]
                for fold in models.rounds[0]
                for source in fold.test.sources
                if task in source.tasks.names
            ]
        )
        draw = np.random.default_rng(len(rows))
        return np.sort(draw.permutation(rows)[: self.n_rows])

    def _sizes(
        self, folds: Sequence[Fold], task: str, kept: np.ndarray, columns: Sequence[InputColumn]
    ) -> dict[str, Float64[np.ndarray, " n"]]:
        """Sizes of the attributions of the chosen rows by column; NaN for rows of other sources."""
        from polytask.analysis._network_gradients import NetworkGradients

        sizes = {c.label: np.full(len(kept), np.nan) for c in columns if task in c.tasks}
        for fold in folds:
            for source in fold.test.sources:
                if task not in source.tasks.names or not source.n_rows:
                    continue
                own = source.rows_of(task)
                own = own[np.isin(fold.rows[source.name][own], kept)]
                if not len(own):
                    continue
                training = fold.train.source(source.name)
                gradients = NetworkGradients(fold.predictor, source.name, task, self.n_steps)
                parts = gradients.of_rows(
                    source.take(own), training, self.baselines, np.random.default_rng(fold.seed)
                )
                place = np.searchsorted(kept, fold.rows[source.name][own])
                for column in columns:
                    if column.source == source.name and column.label in sizes:
                        of_column = parts.get(column.name, np.zeros(len(own)))
                        sizes[column.label][place] = np.abs(of_column)
        return sizes


def check_captum() -> None:
    """Raise unless Captum is installed.

    Raises
    ------
    MissingDependencyError
        With the command that installs it.
    """
    try:
        import captum.attr  # noqa: F401 - whether it is there
    except ImportError as error:
        sentence = (
            "Integrated gradients are computed by Captum, which is not installed. "
            "Install it: pip install 'polytask[explain]'."
        )
        raise MissingDependencyError(sentence) from error
