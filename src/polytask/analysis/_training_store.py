"""Answers of trained groups in a folder, so that an interrupted analysis goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from polytask._files import (
    digest,
    remove_folder,
    sealed,
    write_bytes,
    write_json,
    writing,
)
from polytask._plain import to_plain
from polytask._recipes import to_json
from polytask.analysis._rounds import Round
from polytask.analysis._training_jobs import (
    Common,
    Group,
    ObservedJob,
    TrainedGroup,
    TrainingJob,
)
from polytask.analysis._training_record import (
    KEY_LENGTH,
    Dependencies,
    TrainingRecord,
    record_paths,
)
from polytask.bookkeeping import History
from polytask.data import Split
from polytask.evaluation.running._outcome import read_outcomes, write_outcomes
from polytask.evaluation.running._store import RunStore
from polytask.exceptions import BundleError, StudyError
from polytask.predictor import FittedPredictor

__all__ = ["TrainingStore", "identity_of"]

_ANSWERS, _SCORES = "answers.safetensors", "scores.safetensors"


def identity_of(common: Common, rounds: Sequence[Round]) -> tuple[dict[str, Any], dict[str, str]]:
    """What must be equal for trainings to share a folder: data, learner and budget; and the folds.

    Rounds may be added later.
    """
    data, learner, budget = common
    about = {
        "data": data.digest(),
        "learner": to_json(learner),
        "budget": {"steps": None if budget is None else budget.steps},
    }
    rows = "".join(split.digest() for split in rounds[0].splits)
    return about, {"kind": "groups", "digest": hashlib.sha256(rows.encode()).hexdigest()}


@dataclass(eq=False)
class TrainingStore:
    """Files of finished trainings, named by a digest of what they depend on.

    Each job has a file of answers, one of scores if its tasks are alone, a folder per model that it keeps,
    and a record, which is written last and holds digests of itself and of the others. What is damaged is
    trained again.

    Parameters
    ----------
    folder : Path
        Of the study; trainings lie in its subfolder ``runs``.
    about : mapping
        Plain values that all trainings depend on: data, learner, budget, versions.
    note : callable, optional
        Receives a sentence on what was damaged.
    trusted : sequence of str, optional
        Packages of the user's own code that models may name beside those of the learner.
    """

    folder: Path
    about: Mapping[str, Any]
    note: Callable[[str], None] = lambda _: None
    trusted: Sequence[str] = ()
    _known: dict[tuple[str, Group], list[str]] = field(default_factory=dict, init=False, repr=False)
    _read: dict[str, dict[Group, TrainedGroup]] = field(default_factory=dict, init=False)
    _loaded: dict[str, FittedPredictor] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        with writing(self.folder / "runs"):
            (self.folder / "runs").mkdir(parents=True, exist_ok=True)
        for path in record_paths(self.folder / "runs"):
            record = self._record(path)
            if record is not None and record.spec.about == self._own:
                self._remember(path.stem, record)

    @cached_property
    def _own(self) -> Any:
        """What trainings depend on, as a file gives it back."""
        return json.loads(json.dumps(self.about))

    @cached_property
    def _models(self) -> RunStore:
        """Models, as those of comparisons are kept."""
        return RunStore(self.folder, tuple(self.trusted))

    def _remember(self, key: str, record: TrainingRecord) -> None:
        """Where groups are kept; a record that has the model of a group goes before others."""
        for group, model in zip(record.groups, record.models, strict=True):
            keys = self._known.setdefault((record.spec.rows, group), [])
            if key not in keys:
                keys.insert(len(keys) if model is None else 0, key)

    def read(self, job: TrainingJob) -> dict[Group, TrainedGroup]:
        """The groups of a job that were trained before, with their models where the job keeps these."""
        own = self._key_of_job(job)
        found = {}
        for group in job.groups:
            trained = self._group(group, own, job)
            if trained is not None:
                found[group] = trained
        return found

    def _group(self, group: Group, own: str, job: TrainingJob) -> TrainedGroup | None:
        """A group of a job, first of the job's own record: who trained beside it decides on rounding."""
        keys = self._known.get((_rows_of(job), group), [])
        for key in sorted(keys, key=lambda key: key != own):
            trained = self._trained(key).get(group)
            if trained is not None and group in job.keeps:
                model = self._model(key, group)
                trained = None if model is None else replace(trained, model=model)
            if trained is not None:
                return trained
        return None

    def write(self, job: TrainingJob, trained: Sequence[TrainedGroup]) -> None:
        """Keep the groups of a job that were trained now."""
        rows, key = _rows_of(job), self._key_of_job(job)
        models = self._write_models(key, trained)
        pairs = {
            json.dumps([k, task]): own
            for k, one in enumerate(trained)
            for task, own in one.outcomes.items()
        }
        write_outcomes(self._path(key, _ANSWERS), pairs)
        files = [_ANSWERS]
        scores = {
            json.dumps([k, source]): np.ascontiguousarray(own)
            for k, one in enumerate(trained)
            for source, own in one.scores.items()
        }
        if scores:
            write_bytes(self._path(key, _SCORES), save(scores), make_folder=False)
            files.append(_SCORES)
        files += sorted({f"{place}.model" for place in models if place is not None})
        record = TrainingRecord(
            self._spec(rows),
            groups=tuple(one.group for one in trained),
            models=models,
            steps=tuple(one.steps for one in trained),
            seconds=tuple(one.seconds for one in trained),
            files={name: digest(self._path(key, name)) for name in files},
        )
        self._write_record(key, record)
        self._read.pop(key, None)
        self._remember(key, record)

    def _write_record(self, key: str, record: TrainingRecord) -> None:
        write_json(self._path(key, "json"), sealed(to_plain(record)), make_folder=False)

    def _write_models(self, key: str, trained: Sequence[TrainedGroup]) -> tuple[int | None, ...]:
        """The position under which each group's model lies; groups may have one in common."""
        written: dict[int, int] = {}
        for k, one in enumerate(trained):
            if one.model is not None and id(one.model) not in written:
                written[id(one.model)] = k
                self._models.write_model(f"{key}.{k}", one.model, self.about["learner"])
        return tuple(None if one.model is None else written[id(one.model)] for one in trained)

    def _model(self, key: str, group: Group) -> FittedPredictor | None:
        """The model of a group; None where none was kept, or it is damaged."""
        record = self._record(self._path(key, "json"))
        place = None if record is None else record.models[record.groups.index(group)]
        if place is None:
            return None
        name = f"{key}.{place}"
        if name not in self._loaded:
            try:
                self._loaded[name] = self._models.read_model(name, self.about["learner"])
            except BundleError:
                self._discard(key)
                return None
        return self._loaded[name]

    def read_history(self, job: ObservedJob) -> History | None:
        """The history of all tasks trained together with observers, if it was kept."""
        path = self._path(self._key_of(job), "json")
        record = self._record(path) if path.exists() else None
        return None if record is None else record.history

    def write_history(self, job: ObservedJob, history: History) -> None:
        """Keep such a history."""
        spec = self._spec(_rows(job.seed, job.split))
        self._write_record(self._key_of(job), TrainingRecord(spec, history=history))

    def _key_of_job(self, job: TrainingJob) -> str:
        keeps = {"keeps": sorted(map(list, job.keeps))} if job.keeps else {}
        groups = [list(group) for group in job.groups]
        return self._key({"rows": _rows_of(job), "groups": groups, **keeps})

    def _key_of(self, job: ObservedJob) -> str:
        observers = [to_json(observer) for observer in job.observers]
        return self._key({"rows": _rows(job.seed, job.split), "observers": observers})

    def _spec(self, rows: str) -> Dependencies:
        return Dependencies(self.about["data"], self._own, rows)

    def _key(self, values: Mapping[str, Any]) -> str:
        text = json.dumps([self._own, values], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:KEY_LENGTH]

    def _path(self, key: str, ending: str) -> Path:
        return self.folder / "runs" / f"{key}.{ending}"

    def _record(self, path: Path) -> TrainingRecord | None:
        """A record as it was written; None, said and removed, if it is damaged."""
        try:
            return TrainingRecord.read(path)
        except ValueError:
            self._discard(path.stem)
            return None

    def _trained(self, key: str) -> dict[Group, TrainedGroup]:
        """All groups of a record; none if a file beside it is damaged."""
        if key not in self._read:
            try:
                self._read[key] = self._groups_of(key)
            except (StudyError, OSError, ValueError, LookupError, TypeError):
                self._discard(key)
        return self._read[key]

    def _groups_of(self, key: str) -> dict[Group, TrainedGroup]:
        record = TrainingRecord.read(self._path(key, "json"))
        for name, expected in record.files.items():
            if digest(self._path(key, name)) != expected:
                raise ValueError("it was edited or damaged after it was written")
        answers: list[dict[str, Any]] = [{} for _ in record.groups]
        for name, own in read_outcomes(self._path(key, _ANSWERS)).items():
            k, task = json.loads(name)
            answers[k][task] = own
        scores: list[dict[str, np.ndarray]] = [{} for _ in record.groups]
        if _SCORES in record.files:
            with safe_open(self._path(key, _SCORES), framework="numpy") as file:
                for name in file.keys():  # noqa: SIM118 - it is no mapping
                    k, source = json.loads(name)
                    scores[k][source] = file.get_tensor(name)
        return {
            group: TrainedGroup(group, answers[k], scores[k], steps, seconds)
            for k, (group, steps, seconds) in enumerate(
                zip(record.groups, record.steps, record.seconds, strict=True)
            )
        }

    def _discard(self, key: str) -> None:
        """Remove the files of a record, itself first."""
        self._read[key] = {}
        path = self._path(key, "json")
        with writing(path):
            for name in ("json", _ANSWERS, _SCORES):
                self._path(key, name).unlink(missing_ok=True)
            for folder in sorted(path.parent.glob(f"{key}.*.model")):
                remove_folder(folder)
        self.note(f"{path} was damaged. What it held is trained again.")


def _rows_of(job: TrainingJob) -> str:
    """What its trainings depend on; those by the learner's own `fit` are not those of a population."""
    return _rows(job.seed, job.split) + " whole" * job.whole


def _rows(seed: int, split: Split) -> str:
    """What a training depends on beside the data as a whole: its rows and its seed."""
    return f"{split.digest()[:32]} {seed}"
