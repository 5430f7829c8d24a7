from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from polytask.data.columns import Tokenizer
from polytask.data.dataset import MultiTaskDataset
from polytask.data.encoding._bins import Bins
from polytask.data.encoding._learn_bins import learn_bins
from polytask.data.encoding._schema import Schema
from polytask.data.sources import Source, fit_targets, unit_weights
from polytask.exceptions import ParameterError
from polytask.tasks import FittedTarget

__all__ = ["fit_schemas"]


def fit_schemas(
    dataset: MultiTaskDataset,
    bins: Bins | None = None,
    *,
    bin_rows: int | None = None,
    tokenizer: Tokenizer | None = None,
) -> dict[str, Schema]:
    """Fit one schema per source on the given (training) rows.

    The target of a task that is labelled in several sources is fitted on all of them.

    Parameters
    ----------
    dataset : MultiTaskDataset
    bins : Bins, optional
        How to divide the numeric columns into bins; not at all by default. A network's
        architecture says what it needs: `polytask.architectures.Architecture.bins`.
    bin_rows : int, optional
        Learn bins from so many rows of every source, evenly spaced; from all by default. Enough
        to plan a network that is not trained.
    tokenizer : Tokenizer, optional
        Makes pieces of words of texts and tokens, for a network whose architecture has one:
        `polytask.architectures.Architecture.tokenizer`. Words have a vocabulary of the rows by default.

    Raises
    ------
    ParameterError
        If a task labels the words of a text of which a tokenizer makes pieces.
    """
    targets = _as_declared(fit_targets(dataset.sources), dataset)
    schemas = {s.name: Schema.fit(s, targets, tokenizer) for s in dataset.sources}
    for source in dataset.sources if tokenizer is not None else ():
        _check_labelled_pieces(source, schemas[source.name])
    if bins is None:
        return schemas
    if bin_rows is not None:
        rows = {
            s.name: np.arange(s.n_rows)[:: -(-s.n_rows // bin_rows) or 1] for s in dataset.sources
        }
        dataset = dataset.take(rows)
    weights = _weights(dataset)
    return {
        source.name: replace(
            schemas[source.name],
            bins=learn_bins(schemas[source.name], source, bins, weights[source.name]),
        )
        for source in dataset.sources
    }


def _check_labelled_pieces(source: Source, schema: Schema) -> None:
    """Raise if the words of a text are labelled, to which pieces do not belong one by one."""
    stepped = [part for part in schema.parts if part.has_steps]
    labelled = [task.name for task in source.tasks if task.known_kind.form == "sequence"]
    if labelled and len(stepped) == 1 and stepped[0].role == "text":
        column = stepped[0].name.partition(":")[2]
        sentence = (
            f"Task {labelled[0]!r} labels the words of column {column!r}, and a pretrained model reads "
            "the pieces of a text. Declare words that stand between blanks "
            f"(--column {column}:tokens): the first piece of each is labelled."
        )
        raise ParameterError(sentence)


def _as_declared(
    targets: Mapping[str, FittedTarget], dataset: MultiTaskDataset
) -> Mapping[str, FittedTarget]:
    """Targets whose steps are labelled, for as many steps as columns were declared to have."""
    lengths = {
        source.name: max(source.reading.lengths.values(), default=0) for source in dataset.sources
    }
    steps = {
        name: max(lengths[source.name] for source in dataset.sources if name in source.tasks.names)
        for name in targets
    }
    return {
        name: dataset.tasks[name].known_kind.with_steps(target, steps[name])
        if steps[name]
        else target
        for name, target in targets.items()
    }


def _weights(dataset: MultiTaskDataset) -> Mapping[str, dict[str, np.ndarray]]:
    """Weights of labelled rows by source and task."""
    weights: dict[str, dict[str, np.ndarray]] = {source.name: {} for source in dataset.sources}
    for name in dataset.tasks.names:
        for source, of_task in unit_weights(dataset.sources, name).items():
            weights[source][name] = of_task
    return weights
