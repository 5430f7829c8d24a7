"""Rows, splits and figures of `classical_tables.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import polars as pl
from classical_runs import Case, Rows
from classical_table_entrants import DOMAINS, JOINTS, LABELS, TEXTS
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score

from polytask.datasets import as_table, fetch_mulan

__all__ = ["CASES"]

N_SPLITS = 5
JOINT_NAMES = tuple(f"joint {k}" for k in range(1, 8))


def _halves(tasks: np.ndarray, share: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Training and test rows, this share of each task's rows to learn from, drawn anew in each split."""
    for seed in range(N_SPLITS):
        random = np.random.default_rng(seed)
        train = np.zeros(len(tasks), dtype=bool)
        for task in np.unique(tasks):
            own = random.permutation(np.flatnonzero(tasks == task))
            train[own[: round(share * len(own))]] = True
        yield np.flatnonzero(train), np.flatnonzero(~train)


def _scaled(
    X: np.ndarray, Y: np.ndarray, share: float, *, labels: bool = False
) -> list[tuple[Rows, Rows]]:
    """Splits of shared rows, standardised by the training rows; with `labels` those of numbers, too."""
    parts = []
    for train, test in _halves(np.zeros(len(X), dtype=int), share):
        mean, scale = X[train].mean(axis=0), X[train].std(axis=0)
        features = (X - mean) / np.where(scale > 0, scale, 1)
        targets = (Y - Y[train].mean(axis=0)) / Y[train].std(axis=0) if labels else Y
        rows = Rows(features, targets)
        parts.append((rows.take(train), rows.take(test)))
    return parts


def mulan(name: str) -> Callable[[], list[tuple[Rows, Rows]]]:
    """A reader of a set of labels that are there or not: four fifths of the rows to learn from."""

    def read() -> list[tuple[Rows, Rows]]:
        source = fetch_mulan(name).dataset.sources[0]
        X = source.inputs.cast(float).to_numpy().astype(float)
        Y = source.labels.frame.cast(pl.Int64).to_numpy().astype(float)
        return _scaled(X, Y, 0.8)

    return read


def sarcos() -> list[tuple[Rows, Rows]]:
    """Positions, velocities and accelerations of seven joints, and their torques."""
    table = as_table("sarcos").to_numpy().astype(float)
    return _scaled(table[:, :21], table[:, 21:], 0.8, labels=True)


def office() -> list[tuple[Rows, Rows]]:
    """Square roots of shares of visual words; half of each domain to learn from."""
    table = as_table("office-caltech")
    X = np.sqrt(table.select(pl.exclude("domain", "category")).to_numpy().astype(float))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    y = table["category"].to_numpy().astype(float)
    tasks = np.unique(table["domain"].to_numpy(), return_inverse=True)[1]
    rows = Rows(X, y, tasks)
    return [(rows.take(train), rows.take(test)) for train, test in _halves(tasks, 0.5)]


def blitzer() -> list[tuple[Rows, Rows]]:
    """Words and pairs of words (tf-idf of the training texts), sparse; a fifth of each domain to learn from."""
    table = as_table("blitzer").unique("review", maintain_order=True)
    texts, y = table["review"].to_numpy(), table["positive"].to_numpy().astype(float)
    tasks = np.unique(table["domain"].to_numpy(), return_inverse=True)[1]
    parts = []
    for train, test in _halves(tasks, 0.2):
        words = TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True)
        seen = words.fit_transform(texts[train])
        pairs = ((seen, train), (words.transform(texts[test]), test))
        parts.append(tuple(Rows(X.tocsr(), y[rows], tasks[rows]) for X, rows in pairs))
    return parts


def probabilities(model: Any, rows: Rows) -> np.ndarray:
    """Probabilities of the labels, (n, tasks)."""
    answer = model.predict_proba(rows.X)
    return np.stack([each[:, 1] for each in answer], axis=1) if isinstance(answer, list) else answer


def areas(rows: Rows, response: np.ndarray) -> np.ndarray:
    """Area under the ROC curve of each label that some rows have and others have not."""
    both = np.flatnonzero(np.ptp(rows.y, axis=0))
    return np.array([roc_auc_score(rows.y[:, k], response[:, k]) for k in both])


def accuracies(rows: Rows, response: np.ndarray) -> np.ndarray:
    """Share of right classes in each domain, in per cent."""
    right = rows.y == response
    return np.array([100 * right[rows.tasks == task].mean() for task in np.unique(rows.tasks)])


def normalised_errors(rows: Rows, response: np.ndarray) -> np.ndarray:
    """Mean squared error of each joint over the variance of its test labels."""
    return np.square(rows.y - response).mean(axis=0) / rows.y.var(axis=0)


def _less_is_better(
    values: Callable[[Rows, np.ndarray], np.ndarray],
) -> Callable[[Rows, np.ndarray], float]:
    return lambda rows, response: -float(values(rows, response).mean())


AREA = {"values": areas, "loss": _less_is_better(areas), "respond": probabilities}
RIGHT = {"values": accuracies, "loss": _less_is_better(accuracies)}
CASES = {
    case.name: case
    for case in (
        Case("yeast", "macro AUC", mulan("yeast"), LABELS, **AREA),
        Case("emotions", "macro AUC", mulan("emotions"), LABELS, **AREA),
        Case(
            "blitzer",
            "accuracy, %",
            blitzer,
            TEXTS,
            tasks=("books", "electronics", "kitchen"),
            **RIGHT,
        ),
        Case(
            "office",
            "accuracy, %",
            office,
            DOMAINS,
            tasks=("amazon", "caltech", "dslr", "webcam"),
            **RIGHT,
        ),
        Case(
            "sarcos",
            "mean nMSE",
            sarcos,
            JOINTS,
            values=normalised_errors,
            loss=lambda rows, response: float(normalised_errors(rows, response).mean()),
            tasks=JOINT_NAMES,
            lower=True,
        ),
    )
}
