"""Common check of architectures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import chain

import torch
from torch import Tensor

from polytask.architectures import Architecture, Raw
from polytask.data import MultiTaskDataset
from polytask.encoders import State
from polytask.testing._architecture_case import ArchitectureCase
from polytask.testing._architecture_reach import check_reach
from polytask.testing._architecture_stopping import check_stopping
from polytask.testing._require import (
    require,
    require_close,
    require_datasets,
    require_finite,
    require_instance,
    require_same,
)
from polytask.testing._tiny_dataset import tiny_dataset
from polytask.training import route, score

__all__ = ["check_architecture"]

_TABLE = "one table"


def check_architecture(
    recipe: Architecture, datasets: Iterable[MultiTaskDataset] | None = None
) -> None:
    """Check that an architecture keeps the promises of `polytask.architectures`.

    Parameters
    ----------
    recipe : Architecture
    datasets : iterable of MultiTaskDataset, optional
        What to build it for. By default one table with all kinds of targets and missing
        labels (unless it needs one task for each row), one whose rows belong to single tasks, and
        one with a table for each task.

    Raises
    ------
    AssertionError
        If building depends on more than the seed, scores have a wrong shape or depend on other
        rows, a batch without rows cannot be scored, a preference is drawn without being declared or
        used, `owners` leaves out a tensor or states it twice, a task's loss pulls at what is not
        the task's or does not reach what is, or anything of a stopped task moves.

    Examples
    --------
    >>> from polytask.architectures import HardSharing
    >>> from polytask.encoders import MLP
    >>> from polytask.testing import check_architecture
    >>> check_architecture(HardSharing(encoder=MLP((8,))))
    """
    require_instance("check_architecture", "recipe", recipe, Architecture)
    require_datasets("check_architecture", datasets, MultiTaskDataset)
    name = type(recipe).__name__
    for what, data in (
        _forms(recipe)
        if datasets is None
        else ((f"data set {i}", given) for i, given in enumerate(datasets))
    ):
        case = ArchitectureCase(f"{name} on {what}", recipe, data)
        _check_build(case)
        _check_owners(case)
        _check_scores(case)
        _check_no_rows(case)
        _check_preference(case)
        check_reach(case)
        check_stopping(case)


def _forms(recipe: Architecture) -> Iterator[tuple[str, MultiTaskDataset]]:
    return (form for form in _every_form() if not (recipe.one_task_per_row and form[0] == _TABLE))


@cache
def _every_form() -> tuple[tuple[str, MultiTaskDataset], ...]:
    kinds = ["regression", "binary", "regression", "multiclass", "multilabel"]
    return (
        (_TABLE, tiny_dataset(kinds)),
        ("one task", tiny_dataset(["binary"])),
        ("own rows", tiny_dataset(["regression"] * 3, own_rows=True)),
        ("own tables", tiny_dataset(["regression", "binary", "regression"], own_tables=True)),
    )


def _check_build(case: ArchitectureCase) -> None:
    before = torch.get_rng_state()
    first, other = case.build(0).state_dict(), case.build(1).state_dict()
    sentence = f"{case.name}: building changes torch's global generator"
    require_same(torch.get_rng_state(), before, sentence)
    torch.rand(1)
    again = case.build(0).state_dict()
    torch.set_rng_state(before)
    for key, tensor in case.network.state_dict().items():
        sentence = f"{case.name}: {key} is not decided by the seed"
        require_same(first[key], tensor, sentence)
        require_same(again[key], tensor, sentence)
    differs = any(not torch.equal(first[key], other[key]) for key in first)
    require(differs, f"{case.name}: another seed builds the same network.")


def _check_owners(case: ArchitectureCase) -> None:
    """Every tensor is stated once, with tasks that there are."""
    names = case.tensor_names
    stated: set[int] = set()
    for owned in case.network.owners():
        name = names.get(id(owned.tensor))
        require(name is not None, f"{case.name}: owners() states a tensor that is none of its own.")
        require(id(owned.tensor) not in stated, f"{case.name}: owners() states {name} twice.")
        stated.add(id(owned.tensor))
        strange = {*owned.tasks, *chain(*owned.dependants)} - set(case.data.tasks.names)
        sentence = f"{case.name}: owners() gives {name} to the tasks {owned.tasks}."
        require(not strange, sentence)
        if owned.axis is not None:
            count = owned.tensor.shape[owned.axis] if owned.axis < owned.tensor.ndim else 0
            sentence = f"{case.name}: {name} has {count} slices for {len(owned.tasks)} tasks."
            require(count == len(owned.tasks), sentence)
            counts = (0, len(owned.tasks))
            sentence = f"{case.name}: {name} states dependants of {len(owned.dependants)} slices."
            require(len(owned.dependants) in counts, sentence)
    for key, name in names.items():
        require(key in stated, f"{case.name}: owners() leaves out {name}.")


def _check_scores(case: ArchitectureCase) -> None:
    network, batch = case.network, case.batch
    with torch.no_grad():
        strange = set(network.features(batch) or {}) - set(case.sources)
        require(not strange, f"{case.name}: features of {strange}, which are no sources.")
        raw, again = network(batch), network(batch)
    pairs = {(source, block.name) for block in network.blocks for source in block.sources}
    require(set(raw) == pairs, f"{case.name}: scores of {set(raw)}, not of {pairs}.")
    dense = score(network, case.sources)
    for block in network.blocks:
        for source in block.sources:
            rows, key = case.sources[source], (source, block.name)
            heads = () if rows.task is not None else (len(block.tasks_in(source)),)
            shape, got = (rows.n_rows, *heads, block.size), tuple(dense[key].shape)
            sentence = f"{case.name}: scores of {block.name} are {got}, not {shape}."
            require(got == shape, sentence)
            require_finite(raw[key], f"{case.name}: scores of {block.name} are not finite")
            require_same(again[key], raw[key], f"{case.name}: evaluation is random")
    for name, rows in case.sources.items():
        few = {name: rows.take(torch.arange(7))}
        for key, scores in score(network, few).items():
            sentence = f"{case.name}: the score of a row depends on other rows"
            require_close(scores, dense[key][:7], sentence, relative=1e-4, absolute=1e-5)
    _check_features(case, raw)
    _check_penalties(case, raw)
    _check_routes(case)


def _check_no_rows(case: ArchitectureCase) -> None:
    """A batch without rows has scores without rows."""
    network = case.network
    none = {name: rows.take(torch.arange(0)) for name, rows in case.sources.items()}
    batch = network.with_members(none)
    with torch.no_grad():
        try:
            raw = network(batch)
        except (IndexError, RuntimeError, ValueError) as error:
            sentence = f"{case.name}: a batch without rows cannot be scored: {error}"
            raise AssertionError(sentence) from error
    for (_, block), scores in raw.items():
        sentence = f"{case.name}: scores of {block} are {tuple(scores.shape)} without any row."
        require(scores.numel() == 0, sentence)


def _check_routes(case: ArchitectureCase) -> None:
    """Rows of routed sources have a finite score for each task of their source."""
    network, batch = case.network, case.batch
    routed = {name for name in network.routed_sources if name in batch}
    with torch.no_grad():
        given = set(network.route(network.with_members(batch)))
    require(given == routed, f"{case.name}: route gives scores for {given}, not for {routed}.")
    routes = route(network, case.sources)
    for name, scores in routes.items():
        shape = (batch[name].n_rows, len(network.tasks_in(name)))
        got = tuple(scores.shape)
        require(got == shape, f"{case.name}: route gives {name} scores {got}, not {shape}.")
        require_finite(scores, f"{case.name}: route gives {name} scores that are not finite")


def _check_penalties(case: ArchitectureCase, raw: Raw) -> None:
    network, batch = case.network, case.batch
    features = network.features(batch)
    of_batch = network.batch_penalty({} if features is None else features, raw, batch)
    for penalty in (network.penalty(), of_batch):
        if penalty is not None:
            shape = tuple(penalty.shape)
            require(shape == (), f"{case.name}: the penalty has shape {shape}.")
            require_finite(penalty.detach(), f"{case.name}: the penalty is not finite")
    start = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    network.proximal_step(0.0)
    for key, tensor in network.state_dict().items():
        sentence = f"{case.name}: a proximal step of length 0 moves {key}"
        require_close(tensor, start[key], sentence, relative=1e-4, absolute=1e-6)
    network.proximal_step(0.1)
    network.refit()
    for key, tensor in network.state_dict().items():
        require_finite(tensor, f"{case.name}: {key} is not finite after a proximal step and refit")
    network.load_state_dict(start)


def _check_preference(case: ArchitectureCase) -> None:
    """What takes a preference draws one, and answers by it."""
    network, n_tasks = case.network, len(case.data.tasks)
    first, again = (network.draw_preference(torch.Generator().manual_seed(1)) for _ in range(2))
    sentence = f"{case.name}: draw_preference and takes_preference of the recipe do not agree."
    require((first is not None) == case.recipe.takes_preference, sentence)
    if first is None or again is None:
        return
    require_same(again, first, f"{case.name}: the preference depends on more than the generator")
    fair = first.shape == (n_tasks,) and bool((first >= 0).all()) and abs(first.sum() - 1) < 1e-5
    require(fair, f"{case.name}: the preference {first.tolist()} is none between all tasks.")
    penalty = network.preference_penalty(
        torch.ones(n_tasks), torch.ones(n_tasks, dtype=torch.bool), first
    )
    if penalty is not None:
        require(penalty.shape == (), f"{case.name}: the penalty of losses is no scalar.")
    equal = torch.full((n_tasks,), 1 / n_tasks)
    plain, at_equal, preferred = (_at(case, given) for given in (None, equal, first))
    for key, scores in plain.items():
        sentence = f"{case.name}: rows without a preference are not answered at equal ones"
        require_close(at_equal[key], scores, sentence, relative=1e-5, absolute=1e-6)
    changed = any(not torch.equal(preferred[key], plain[key]) for key in plain)
    require(n_tasks == 1 or changed, f"{case.name}: scores do not depend on the preference.")


def _at(case: ArchitectureCase, preference: Tensor | None) -> Raw:
    rows = {name: replace(r, preference=preference) for name, r in case.sources.items()}
    return score(case.network, rows)


def _check_features(case: ArchitectureCase, raw: Raw) -> None:
    """Where there is a last common representation, the scores follow from it."""
    with torch.no_grad():
        features = case.network.features(case.batch)
        if features is None:
            return
        _check_features_of_own_rows(case, features)
        try:
            answered = case.network.answer(features, case.batch)
        except NotImplementedError as error:
            sentence = f"{case.name}: there are `features`, but no `answer` from them: {error}"
            raise AssertionError(sentence) from error
    for name, scores in raw.items():
        sentence = f"{case.name}: `answer` of the features is not what `forward` gives for {name}"
        require_close(answered[name], scores, sentence, relative=1e-5, absolute=1e-6)


def _check_features_of_own_rows(case: ArchitectureCase, features: Mapping[str, State]) -> None:
    """With `rows_apart`, each row that has one task has one entry along the first axis."""
    batch = case.batch
    for source, (values, _) in features.items():
        rows = batch[source]
        if case.network.rows_apart and rows.task is not None:
            sentence = (
                f"{case.name}: rows_apart is True, and features of {source}, whose rows have one "
                f"task each, have shape {tuple(values.shape)} for {rows.n_rows} rows. Give those "
                "of each row's own task, or leave rows_apart at False."
            )
            require(len(values) == rows.n_rows * rows.members, sentence)
