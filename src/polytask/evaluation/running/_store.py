"""Where the files of runs lie."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from polytask._files import write_json
from polytask.evaluation.running._outcome import Outcome, read_outcomes, write_outcomes
from polytask.evaluation.running._records import RunRecord
from polytask.exceptions import StudyError
from polytask.predictor import FittedPredictor, load

__all__ = ["RunStore"]


@dataclass(frozen=True)
class RunStore:
    """Files of runs, named by the key of their specs.

    The record is written last, so that a run without a record has yet to be done and one with
    a record is whole, whenever the process ended.

    Parameters
    ----------
    folder : Path
        Of the study; runs lie in its subfolder ``runs``.
    """

    folder: Path

    def _path(self, key: str, ending: str) -> Path:
        return self.folder / "runs" / f"{key}{ending}"

    def bundle(self, key: str) -> Path:
        """The folder of the run's model."""
        return self._path(key, ".model")

    def checkpoint(self, key: str) -> Path:
        """The state of a run in the middle of its fit; gone once the run is done."""
        return self._path(key, ".checkpoint.safetensors")

    def read(self, key: str) -> RunRecord | None:
        """The record of a run, or None if it has yet to be done."""
        path = self._path(key, ".json")
        if not path.exists():
            return None
        try:
            return RunRecord.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError, KeyError) as error:
            sentence = f"{path} is no record of a run. Remove it and run again."
            raise StudyError(sentence) from error

    def write(self, record: RunRecord) -> None:
        """Write the record; the run is done from then on."""
        write_json(self._path(record.spec.key, ".json"), record.to_dict())

    def write_model(self, key: str, predictor: FittedPredictor) -> None:
        """Save the run's model, in place of what an interrupted process may have left."""
        shutil.rmtree(self.bundle(key), ignore_errors=True)
        self.bundle(key).parent.mkdir(parents=True, exist_ok=True)
        predictor.save(self.bundle(key))

    def read_model(self, key: str) -> FittedPredictor:
        """The run's model."""
        return load(self.bundle(key))

    def write_outcomes(self, key: str, part: str, found: Mapping[str, Outcome]) -> None:
        """Write what the run's model said about ``"validation"`` or ``"test"`` rows."""
        write_outcomes(self._path(key, f".{part}.safetensors"), found)

    def read_outcomes(self, key: str, part: str) -> dict[str, Outcome]:
        """Read what `write_outcomes` wrote."""
        return read_outcomes(self._path(key, f".{part}.safetensors"))
