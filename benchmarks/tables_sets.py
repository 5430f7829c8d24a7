"""Sets of the tables' benchmark: their rows, drawn by seed, and the figure that is compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from polytask.data import MultiTaskDataset, RandomSplit, Split, Splitter, splits_of
from polytask.datasets import (
    FetchedDataset,
    as_table,
    fetch_census_income,
    fetch_mulan,
    fetch_sarcos,
    fetch_tox21,
    make_related_regression,
)
from polytask.metrics import NMSE, ROCAUC, Metric
from polytask.tasks import Binary, FittedTarget, Kind, Regression


@dataclass(frozen=True)
class Set:
    """A data set, the rows of a seed, and how a table of truths and responses is scored.

    Attributes
    ----------
    fetch : callable
    family : str
        Which list of networks is tried: regression, binary or fingerprints.
    metric : Metric
        Of a single task.
    figure : str
        What the figure is called.
    root : bool
        Whether a task's figure is the metric's root, as for aRRMSE.
    by_task : bool
        Whether every task has its own figure; else the mean over tasks is the figure.
    rows : (int, int), optional
        Training and validation rows drawn from those of the set.
    """

    fetch: Callable[[], FetchedDataset | Drawn]
    family: str
    metric: Metric
    figure: str
    root: bool = False
    by_task: bool = False
    rows: tuple[int, int] | None = None

    @property
    def kind(self) -> Kind:
        """Of all tasks."""
        return Regression() if self.family == "regression" else Binary()

    def split(self, fetched: FetchedDataset | Drawn, seed: int) -> tuple[MultiTaskDataset, Split]:
        """Training, validation and test rows of a seed."""
        data, (split, *_), _ = splits_of(fetched.dataset, fetched.split, seed)
        if self.rows is None:
            return data, split
        (source,) = split.train
        drawn = np.random.default_rng(seed).permutation(
            np.concatenate([split.train[source], split.validation[source]])
        )
        n_train, n_validation = self.rows
        train, validation = drawn[:n_train], drawn[n_train : n_train + n_validation]
        parts = {source: np.sort(train)}, {source: np.sort(validation)}
        return data, Split(*parts, split.test, name="drawn")

    def figures(self, truth: np.ndarray, response: np.ndarray, tasks: tuple[str, ...]) -> Figures:
        """The figure of every task, or their mean."""
        values = {}
        for column, task in enumerate(tasks):
            known = np.isfinite(truth[:, column])
            value = self.metric.score(
                truth[known, column], response[known, column], self.target(task)
            ).value
            values[task] = float("nan") if value is None else value**0.5 if self.root else value
        if self.by_task:
            return {f"{task}, {self.figure}": value for task, value in values.items()}
        return {self.figure: float(np.nanmean(list(values.values())))}

    def target(self, task: str) -> FittedTarget:
        """The target of a task, as metrics take it."""
        return FittedTarget((task,), () if self.family == "regression" else (0, 1))

    def gain(self, network: float, tree: float) -> float:
        """What the network gains: a difference of areas, a share of the tree's error."""
        return network - tree if self.metric.greater_is_better else 1 - network / tree

    @property
    def margin(self) -> float:
        """Lowest end of the interval of the gain that counts as no worse."""
        return -0.001 if self.metric.greater_is_better else -0.01


Figures = Mapping[str, float]


def truth_of(data: MultiTaskDataset) -> np.ndarray:
    """Labels as a table of rows and tasks, NaN where there is none."""
    (source,) = data.sources
    labels = source.labelled()
    truth = np.full((source.n_rows, len(data.tasks)), np.nan)
    for column, task in enumerate(data.tasks.names):
        (values,) = labels.columns(task).values()
        truth[labels.rows(task), column] = np.asarray(values, dtype=np.float64)
    return truth


def fetch_tox21_described() -> FetchedDataset:
    """Tox21 with fingerprints and RDKit's descriptors of molecules; needs ``polytask[molecules]``."""
    fetched = fetch_tox21("fingerprints", 2048)
    (source,) = fetched.dataset.sources
    names, cells = _descriptors(as_table("tox21")["smiles"])
    labels = as_table("tox21").select(fetched.dataset.tasks.names)
    table = source.inputs.hstack(pl.DataFrame(cells, schema=names)).hstack(labels)
    data = MultiTaskDataset.from_table(table, fetched.dataset.tasks.tasks)
    return FetchedDataset(data, fetched.split, fetched.info)


def _descriptors(smiles: pl.Series) -> tuple[list[str], np.ndarray]:
    from rdkit import Chem, RDLogger
    from rdkit.Chem import Descriptors

    RDLogger.DisableLog("rdApp.*")
    names = [name for name, _ in Descriptors.descList]
    rows = []
    for text in smiles:
        molecule = Chem.MolFromSmiles(text)
        known = {} if molecule is None else Descriptors.CalcMolDescriptors(molecule)
        rows.append([known.get(name, np.nan) for name in names])
    cells = np.array(rows, dtype=np.float64)
    cells[~np.isfinite(cells) | (np.abs(cells) > 1e6)] = np.nan
    varied = [column for column in range(cells.shape[1]) if np.nanstd(cells[:, column]) > 0]
    return [names[column] for column in varied], cells[:, varied]


@dataclass(frozen=True)
class Drawn:
    """Rows without a source, in the place of a fetched data set."""

    dataset: MultiTaskDataset
    split: Splitter


def draw_regression() -> Drawn:
    """Two related regressions of few rows, to try the benchmark."""
    data, _ = make_related_regression(n_tasks=2, n_rows=120, seed=0)
    return Drawn(data, RandomSplit())


SETS = {
    "census-40k": Set(
        fetch_census_income, "binary", ROCAUC(), "AUC", by_task=True, rows=(40_000, 10_000)
    ),
    "census": Set(fetch_census_income, "binary", ROCAUC(), "AUC", by_task=True),
    "sarcos": Set(fetch_sarcos, "regression", NMSE(), "mean nMSE"),
    "scm20d": Set(partial(fetch_mulan, "scm20d"), "regression", NMSE(), "aRRMSE", root=True),
    "tox21": Set(partial(fetch_tox21, "fingerprints", 2048), "fingerprints", ROCAUC(), "mean AUC"),
    "tox21-descriptors": Set(fetch_tox21_described, "fingerprints", ROCAUC(), "mean AUC"),
    "drawn": Set(draw_regression, "regression", NMSE(), "mean nMSE"),
}
