"""Store of runs: records, models and predictions, with digests that reveal damage."""

from __future__ import annotations

import platform
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polytask._files import (
    digest,
    remove_folder,
    sealed,
    unsealed,
    write_bytes,
    write_json,
    writing,
)
from polytask._plain import read_json
from polytask._recipes import names_in
from polytask._untrusted import packages_of
from polytask.evaluation.running._outcome import Outcome, read_outcomes, write_outcomes
from polytask.evaluation.running._records import RunRecord
from polytask.exceptions import DiskError, StudyError
from polytask.predictor import FittedPredictor, copy_model, load, models_loaded
from polytask.training import check_checkpoint

__all__ = ["RunStore"]


@dataclass(frozen=True)
class RunStore:
    """Files of runs, named by the key of their specs.

    The record is written last, so that a run without a record has yet to be done and one with
    a record is whole, whenever the process ended. It carries a digest of itself and of what lies
    beside it.

    Parameters
    ----------
    folder : Path
        Of the study; runs lie in its subfolder ``runs``.
    trusted : tuple of str
        Packages of the user's own code that models may name: that of the tasks, and what the user
        trusts besides the learners.
    machine : str
        That of the process that made it.
    """

    folder: Path
    trusted: tuple[str, ...] = ()
    machine: str = field(default_factory=platform.node)

    def _path(self, key: str, ending: str) -> Path:
        return self.folder / "runs" / f"{key}{ending}"

    def bundle(self, key: str) -> Path:
        """The folder of the run's model."""
        return self._path(key, ".model")

    def checkpoint(self, key: str) -> Path:
        """Path of the run's checkpoint, which is removed once the run is done."""
        return self._path(key, ".checkpoint.safetensors")

    def population(self, key: str) -> Path:
        """Folder of the checkpoint of runs that are fitted together, removed once they are done."""
        return self._path(key, ".population")

    def has_populations(self) -> bool:
        """Whether there is any such folder."""
        return any((self.folder / "runs").glob("*.population"))

    def end_population(self, key: str) -> None:
        """Remove that folder."""
        remove_folder(self.population(key))

    def recall_population(self, key: str, note: Callable[[str], None]) -> None:
        """Remove a checkpoint of runs that are fitted together if any file of it is damaged."""
        folder = self.population(key)
        try:
            for path in sorted(folder.glob("*.safetensors")):
                check_checkpoint(path)
        except StudyError:
            self.end_population(key)
            note(f"{folder} is damaged. Those of its runs that are not on record start anew.")

    def prepare(self) -> None:
        """Make the folder of the runs."""
        with writing(self.folder / "runs"):
            (self.folder / "runs").mkdir(parents=True, exist_ok=True)

    def check(self) -> None:
        """Raise if the folder was removed, which is not made again behind the user's back.

        Raises
        ------
        DiskError
        """
        if not (self.folder / "runs").is_dir():
            if platform.node() != self.machine:
                sentence = (
                    f"{platform.node()}, which does runs, does not see {self.folder}. Choose a folder on a "
                    "disk that all machines share, with `out`."
                )
                raise DiskError(sentence)
            sentence = f"{self.folder} was removed while runs were written to it. Run it again."
            raise DiskError(sentence)

    def read(self, key: str) -> RunRecord | None:
        """Read the record of a run; None if there is none.

        Raises
        ------
        StudyError
            If the record, or a file beside it, is not as it was written.
        """
        path = self._path(key, ".json")
        if not path.exists():
            return None
        try:
            record = RunRecord.from_dict(unsealed(read_json(path)))
        except (ValueError, AttributeError) as error:
            raise StudyError(f"{path} is damaged, or no record of a run. Remove it.") from error
        if record.spec.key != key:
            raise StudyError(f"{path} is the record of another run. Remove it.")
        self._check_files(key, record)
        return record

    def _check_files(self, key: str, record: RunRecord) -> None:
        for ending, expected in record.files.items():
            path = self._path(key, f".{ending}")
            try:
                actual = digest(path)
            except OSError as error:
                raise StudyError(f"{path} is missing or cannot be read.") from error
            if actual != expected:
                raise StudyError(f"{path} was edited or damaged after it was written.")

    def recall(self, key: str, note: Callable[[str], None]) -> RunRecord | None:
        """Read as `read` does, but remove damaged results, so that the run is repeated.

        Parameters
        ----------
        key : str
        note : callable
            Receives a sentence on what was damaged.
        """
        try:
            record = self.read(key)
        except StudyError as error:
            self._discard(key)
            note(f"{str(error).removesuffix(' Remove it.')} That run is done again.")
            return None
        if record is None:
            self._recall_checkpoint(key, note)
        return record

    def _recall_checkpoint(self, key: str, note: Callable[[str], None]) -> None:
        path = self.checkpoint(key)
        if not path.exists():
            return
        try:
            check_checkpoint(path)
        except StudyError:
            path.unlink(missing_ok=True)
            note(f"{path} is damaged. That run starts from its beginning.")

    def _discard(self, key: str) -> None:
        """Remove all files of a run, its record first."""
        with writing(self._path(key, ".json")):
            self._path(key, ".json").unlink(missing_ok=True)
            remove_folder(self.bundle(key))
            for ending in (".validation.safetensors", ".test.safetensors"):
                self._path(key, ending).unlink(missing_ok=True)
            self.checkpoint(key).unlink(missing_ok=True)

    def write(self, record: RunRecord) -> None:
        """Write the record, which marks the run as done."""
        path = self._path(record.spec.key, ".json")
        write_json(path, sealed(record.to_dict()), make_folder=False)

    def digests(self, key: str, *endings: str) -> dict[str, str]:
        """Digests of files that lie beside the record, for the record."""
        return {ending: digest(self._path(key, f".{ending}")) for ending in endings}

    def copy(self, source: str, key: str, endings: Iterable[str]) -> None:
        """Copy what lies beside the record of one run to another, whose fit gives the same."""
        for ending in endings:
            path, target = self._path(source, f".{ending}"), self._path(key, f".{ending}")
            if path.is_dir():
                remove_folder(target)
                copy_model(path, target)
            else:
                write_bytes(target, path.read_bytes(), make_folder=False)

    def write_model(
        self, key: str, predictor: FittedPredictor, learner: Mapping[str, Any] | None = None
    ) -> None:
        """Save the run's model, replacing what an interrupted process may have left."""
        remove_folder(self.bundle(key))
        with warnings.catch_warnings():  # of a script's own code: said once, of the model to use
            warnings.simplefilter("ignore", UserWarning)
            predictor.save(self.bundle(key), self.trusted_by(learner))

    def read_model(self, key: str, learner: Mapping[str, Any] | None = None) -> FittedPredictor:
        """Read the run's model, which may name the packages that its learner's recipe names."""
        return load(self.bundle(key), self.trusted_by(learner))

    def trusted_by(self, learner: Mapping[str, Any] | None) -> tuple[str, ...]:
        """Packages that a learner's recipe and the tasks name; this process runs their code.

        With a learner of the user's own, also the classes of fitted models that are loaded here.
        """
        names = list(names_in(learner))
        return (*self.trusted, *packages_of(names), *models_loaded(names))

    def write_outcomes(self, key: str, part: str, outcomes: Mapping[str, Outcome]) -> None:
        """Write the predictions of the run's model on ``"validation"`` or ``"test"`` rows."""
        write_outcomes(self._path(key, f".{part}.safetensors"), outcomes)

    def read_outcomes(self, key: str, part: str) -> dict[str, Outcome]:
        """Read what `write_outcomes` wrote."""
        return read_outcomes(self._path(key, f".{part}.safetensors"))
