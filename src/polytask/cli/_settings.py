"""Settings of the commands: options, and study files with the same names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from polytask._naming import suggestion
from polytask._paths import name_and_settings
from polytask._validation import message
from polytask.cli._by_task import named_by_task
from polytask.cli._places import at_home
from polytask.cli._reading_settings import ReadingSettings
from polytask.cli._setting_types import (
    ByPath,
    BySource,
    ByTask,
    ByTaskOrNumber,
    Encoder,
    Model,
    Models,
    Name,
    Place,
    Precision,
    Seed,
    Several,
    Sizes,
    Steps,
    Switch,
    Words,
    expectation,
)
from polytask.cli._trust_option import check_code
from polytask.exceptions import ParameterError

__all__ = [
    "AnalyzeSettings",
    "CompareSettings",
    "DataSettings",
    "FitSettings",
    "GroupSettings",
    "RelationSettings",
    "TuneSettings",
    "settings",
]

Kind = TypeVar("Kind", bound="DataSettings")


class DataSettings(ReadingSettings, BaseModel):
    """A table (or sources), its tasks and how long to train."""

    table: Place | None = None
    source: BySource = []
    target: Words = []
    auxiliary: Words = []
    task_column: Name | None = None
    features: Words = []
    drop: Words = []
    weight: ByTask = []
    task_weight: ByTask = []
    class_weight: ByTask = []
    metric: ByTask = []
    loss: ByTask = []
    threshold: ByTaskOrNumber = []
    after: ByTask = []
    encoder: Encoder | None = None
    weighting: Name | None = None
    aggregation: Name | None = None
    engine: Name | None = None
    aggregate_every: Steps | None = None
    sampler: Name | None = None
    observer: Words = []
    augmentation: Words = []
    set: ByPath = {}
    split: Name | None = None
    device: Name | None = None
    precision: Precision | None = None
    steps: Steps | None = None
    epochs: Steps | None = None
    quiet: Switch = False


class CompareSettings(DataSettings):
    """Settings of `polytask compare`."""

    model: Models = []
    twins: Switch = False
    seeds: Several = 3
    trials: Several = 3
    executor: Name = "local"
    jobs: Several | None = None
    out: Place | None = None


class TuneSettings(CompareSettings):
    """Settings of `polytask tune`."""

    trials: Several = 30
    tune: Words = []
    search: Name = "tpe"
    pruner: Name | None = None
    weights: Name | None = None
    folds: Several = 1
    at_once: Several = 1
    seed: Seed = 0


class RelationSettings(DataSettings):
    """Settings that `polytask analyze` and `polytask group` have in common."""

    model: Model = "hard_sharing"
    affinity: Words = ["prediction_similarity"]
    folds: Several | None = None
    seeds: Several = 3
    seed: Seed = 0
    executor: Name = "local"
    jobs: Several | None = None
    out: Place | None = None


class AnalyzeSettings(RelationSettings):
    """Settings of `polytask analyze`."""

    pairs: Switch | None = None
    sizes: Sizes = []
    random_groups: Several = 20
    most_networks: Steps | None = None
    also: Words = []


class GroupSettings(RelationSettings):
    """Settings of `polytask group`."""

    random_groups: Seed = 2
    most_networks: Steps | None = None


class FitSettings(DataSettings):
    """Settings of `polytask fit`."""

    model: Model = "hard_sharing"
    seed: Seed = 0
    out: Place = Path("model")


def settings(kind: type[Kind], given: Mapping[str, Any]) -> Kind:
    """Options of the command line over those of the study file over the defaults.

    Parameters
    ----------
    kind : CompareSettings, TuneSettings or FitSettings
    given : mapping
        The command's arguments: None or empty where not given; `config` names a study file.
    """
    config = given.get("config")
    read = {} if config is None else _study_file(kind, at_home(Path(config)))
    options = {
        name: value
        for name, value in given.items()
        if name not in {"config", "trust"} and value is not None and value != []
    }
    if "table" in options or "source" in options:  # either replaces the other of a study file
        read = {name: value for name, value in read.items() if name not in {"table", "source"}}
    try:
        merged = kind.model_validate(_over(read, options))
    except ValidationError as error:
        first = error.errors()[0]
        owner = "the command line" if first["loc"][0] in options else str(config)
        raise ParameterError(_sentence(kind, owner, first)) from error
    check_code(_methods(merged))
    return merged


def _methods(options: DataSettings) -> Iterator[str]:
    """Names of methods, the user's own among them."""
    model = getattr(options, "model", [])
    yield from [model] if isinstance(model, str) else model
    yield from filter(
        None, (options.encoder, options.weighting, options.aggregation, options.sampler)
    )
    yield from options.observer
    yield name_and_settings(getattr(options, "executor", ""))[0]
    yield from (name for text in options.augmentation for name in text.split(","))
    for text in (*options.metric, *options.loss, *options.threshold):
        yield from (name_and_settings(name)[0] for name in named_by_task(text)[1])


def _over(read: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Merge options over a study file's values; settings by path are merged per path."""
    both = {**read, **options}
    if "set" in read and "set" in options:
        given = read["set"]
        both["set"] = [*(given if isinstance(given, list) else [given]), *options["set"]]
    return both


def _sentence(kind: type[DataSettings], owner: str, error: Mapping[str, Any]) -> str:
    """Write the error sentence of a setting."""
    name, got = str(error["loc"][0]), error["input"]
    field = kind.model_fields[name]
    expected = expectation(field.annotation, field.metadata)
    in_quotes = "text" in expected and not isinstance(got, str | list | dict)
    remedy = f"Write it in quotes, as '{got}'." if in_quotes else None
    return message(owner, name, expected, got, remedy)


def _study_file(kind: type[DataSettings], path: Path) -> dict[str, Any]:
    from polytask.cli._study_file import read_study_file

    known = list(kind.model_fields)
    merged: dict[str, Any] = {}
    for written, value in read_study_file(path).items():
        name = written.replace("-", "_")
        if name == "trust":
            sentence = (
                f"{path} says what to trust, which no file may say of itself. "
                "Give --trust on the command line."
            )
            raise ParameterError(sentence)
        if name not in known:
            sentence = f"{path}: there is no option named {name!r}. {suggestion(name, known)}"
            raise ParameterError(sentence)
        if name in merged:
            raise ParameterError(f"{path}: {name!r} stands there twice.")
        if value is not None:
            merged[name] = value
    return merged
