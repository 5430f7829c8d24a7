"""Removal of tasks with labels of one class."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from polytask._listing import first_and_more
from polytask.data.sources._fit_targets import fit_targets, labels_by_task
from polytask.data.sources._free_text import with_free_text
from polytask.data.sources._images import with_images
from polytask.data.sources._metric_notes import metric_notes
from polytask.data.sources._named_by_source import named_by_source
from polytask.data.sources._one_class import NO_LABEL, left_out_notes, one_class_error
from polytask.data.sources._settle import target_notes
from polytask.data.sources._source import Source
from polytask.data.sources._source_notes import source_notes
from polytask.data.sources._zero_weights import hide_unweighted, zero_weight_notes
from polytask.exceptions import DataError, OneClassError
from polytask.tasks import Task, class_weights

__all__ = ["check_remaining", "finished", "one_class_tasks"]


def one_class_tasks(sources: Sequence[Source]) -> dict[str, OneClassError]:
    """Errors of the tasks without labels or with labels of one class, by task."""
    labelled = labels_by_task(sources)
    errors: dict[str, OneClassError] = {}
    for task in _tasks(sources):
        try:
            task.known_kind.fit(task.name, labelled[task.name])
        except OneClassError as error:
            errors[task.name] = error
        except DataError as error:
            if not any(map(len, labelled[task.name].values())):
                errors[task.name] = OneClassError(str(error), NO_LABEL, "no label")
            # anything else is said where all targets are learned
    return errors


def check_remaining(tasks: Iterable[Task], errors: Mapping[str, OneClassError]) -> None:
    """Raise, naming all tasks of one class, if no other primary task remains."""
    left = [task for task in tasks if task.name not in errors]
    if errors and not any(task.is_primary for task in left):
        raise one_class_error(errors)


def finished(
    sources: Sequence[Source],
    reasons: Mapping[str, str],
    written: Mapping[str, str] = MappingProxyType({}),
    named: Collection[str] = (),
) -> tuple[tuple[Source, ...], tuple[str, ...]]:
    """Remove tasks of one class, and settle which columns are free text; also return notes.

    Parameters
    ----------
    sources : sequence of Source
        All sources of a data set.
    reasons : mapping of task name to str
        Reason for each task's kind.
    written : mapping of task name to str
        How the user names its column, where that is not by its own name alone.
    named : collection of str
        Tasks, or their columns, that the user names one by one: an error if they have no label.

    Raises
    ------
    OneClassError
        If no primary task remains, naming all tasks of one class.
    DataError
        If a target cannot be learned from, or a named task has no label.
    """
    sources = [hide_unweighted(source) for source in sources]
    errors = one_class_tasks(sources)
    check_remaining(_tasks(sources), errors)
    _check_labelled(errors, {n for n in errors if n in named or written.get(n) in named})
    headlines = metric_notes(task for task in _tasks(sources) if task.name not in errors)
    kept = [kept for source in sources if (kept := source.without_tasks(errors)) is not None]
    pictured = {source.name: with_images(source) for source in kept}
    read = [with_free_text(source) for source, _ in pictured.values()]
    kept = [source for source, _ in read]
    fitted = fit_targets(kept)
    tasks = _tasks(kept)
    for task in tasks:  # raises where they do not suit
        class_weights(f"task {task.name!r}", task.class_weight, fitted[task.name])
    notes = [
        *target_notes(tasks, reasons, fitted, written),
        *headlines,
        *named_by_source(
            {
                source.name: source_notes(source, texts, pictured[source.name][1])
                for source, texts in read
            }
        ),
        *_left_out(errors, sources),
        *named_by_source({source.name: zero_weight_notes(source) for source in kept}),
    ]
    return tuple(kept), tuple(notes)


def _check_labelled(errors: Mapping[str, OneClassError], named: Collection[str]) -> None:
    """Raise if tasks that the user names one by one have no label."""
    empty = [name for name in errors if errors[name].label is NO_LABEL and name in named]
    if len(empty) == 1:
        raise DataError(f"{errors[empty[0]]} Leave the task out.")
    if empty:
        names = first_and_more(map(repr, empty))
        sentence = f"{len(empty)} tasks have no observed label to learn from: {names}."
        raise DataError(f"{sentence} Leave them out.")


def _left_out(all_errors: Mapping[str, OneClassError], sources: Sequence[Source]) -> Iterator[str]:
    """Notes on tasks and whole sources that are left out."""
    by_sources: dict[str, dict[str, OneClassError]] = {}
    for name, error in all_errors.items():
        carrying = [source.name for source in sources if name in source.tasks.names]
        where = f"in {first_and_more(carrying)}" if len(sources) > 1 else "in the table"
        by_sources.setdefault(where, {})[name] = error
    for where, errors in by_sources.items():
        yield from left_out_notes(errors, where)
    for source in sources:
        if source.tasks.names and set(source.tasks.names) <= set(all_errors):
            yield f"{source.name}: the source is left out, since none of its tasks is left"


def _tasks(sources: Sequence[Source]) -> Collection[Task]:
    return {task.name: task for source in sources for task in source.tasks}.values()
