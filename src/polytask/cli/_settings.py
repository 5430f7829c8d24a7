"""What the commands were asked to do: options, and study files with the same names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ValidationError

from polytask._naming import suggestion
from polytask.cli._reading_settings import ReadingSettings
from polytask.exceptions import ParameterError, SourceFileError

__all__ = ["CompareSettings", "DataSettings", "FitSettings", "settings"]

Model = TypeVar("Model", bound="DataSettings")
Words = Annotated[
    list[str], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
]
"""A list; one word needs no brackets."""


class DataSettings(ReadingSettings, BaseModel):
    """A table, its tasks and how long to train."""

    table: Path | None = None
    target: Words = []
    auxiliary: Words = []
    task_column: str | None = None
    features: Words = []
    drop: Words = []
    weight: str | None = None
    weighting: str | None = None
    aggregation: str | None = None
    engine: str | None = None
    aggregate_every: int | None = None
    split: str | None = None
    steps: int | None = None
    epochs: int | None = None
    quiet: bool = False


class CompareSettings(DataSettings):
    """What `polytask compare` takes."""

    model: Words = []
    seeds: int = 3
    trials: int = 3
    jobs: int = 1
    out: Path | None = None


class FitSettings(DataSettings):
    """What `polytask fit` takes."""

    model: str = "hard_sharing"
    seed: int = 0
    out: Path = Path("model")


def settings(kind: type[Model], given: Mapping[str, Any]) -> Model:
    """Options of the command line over those of the study file over the defaults.

    Parameters
    ----------
    kind : CompareSettings or FitSettings
    given : mapping
        The command's arguments: None or empty where not given; `config` names a study file.
    """
    config = given.get("config")
    merged = {} if config is None else _study_file(kind, Path(config))
    merged |= {
        name: value
        for name, value in given.items()
        if name != "config" and value is not None and value != []
    }
    try:
        return kind.model_validate(merged)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        sentence = f"{config}: {name} is not as it should be: {first['msg']}."
        raise ParameterError(sentence) from error


def _study_file(kind: type[DataSettings], path: Path) -> dict[str, Any]:
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        found = yaml.safe_load(text) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        words = " ".join(str(error).split())
        raise SourceFileError(f"The study file {path} cannot be read: {words}.") from error
    if not isinstance(found, dict):
        raise SourceFileError(f"The study file {path} must hold names and values, as `seeds: 3`.")
    known = list(kind.model_fields)
    merged = {str(name).replace("-", "_"): value for name, value in found.items()}
    for name in merged:
        if name not in known:
            sentence = f"{path}: there is no option named {name!r}. {suggestion(name, known)}"
            raise ParameterError(sentence)
    return merged
