"""What was measured of fitted models in a folder, so that an interrupted measurement goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polytask._files import TEMPORARY, sealed, unsealed, write_json, writing
from polytask._plain import from_plain, read_json, to_plain
from polytask.statistics import Paired

__all__ = ["MeasuredStore"]

Values = Mapping[str, Paired]


@dataclass(eq=False)
class MeasuredStore:
    """A JSON file per measurement, named by a digest of what it depends on, with a digest of itself.

    What is damaged is measured again.

    Parameters
    ----------
    folder : Path
        Of the study; measurements lie in its subfolder ``measured``.
    about : mapping
        Plain values that all of them depend on: data, learner, budget, versions, rows and seeds.
    note : callable
        Receives a sentence on what was damaged.
    """

    folder: Path
    about: Mapping[str, Any]
    note: Callable[[str], None]

    def __post_init__(self) -> None:
        with writing(self.folder / "measured"):
            for path in (self.folder / "measured").glob("*"):
                if TEMPORARY.fullmatch(path.name):  # a process was killed as it wrote
                    path.unlink()

    def kept(self, what: Mapping[str, Any], measure: Callable[[], Values]) -> Values:
        """What was measured before, or now, and then kept.

        Parameters
        ----------
        what : mapping
            Plain values that tell this measurement from others of the study.
        measure : callable
        """
        spec = json.loads(json.dumps({**self.about, **what}))
        text = json.dumps(spec, sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()[:24]
        path = self.folder / "measured" / f"{key}.json"
        if path.exists():
            try:
                record = unsealed(read_json(path))
                if record["spec"] == spec:
                    return {n: from_plain(Paired, own) for n, own in record["values"].items()}
            except (ValueError, LookupError, TypeError, AttributeError):
                self.note(f"{path} was damaged. What it held is measured again.")
        values = dict(measure())
        with suppress(ValueError):  # numbers that are not finite are measured again
            write_json(path, sealed({"spec": spec, "values": to_plain(values)}))
        return values
