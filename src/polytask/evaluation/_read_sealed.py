"""Reading of the sealed record of a study from its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from polytask._files import unsealed
from polytask._plain import read_json
from polytask._reason import reason
from polytask.exceptions import StudyError

__all__ = ["read_sealed"]


def read_sealed(path: Path, what: str, *, but: str = "") -> dict[str, Any]:
    """The values of a record, without their digest.

    Parameters
    ----------
    path : Path
    what : str
        What was carried out, in errors, such as "comparison".
    but : str, optional
        As it was sealed.

    Raises
    ------
    StudyError
        If the file is missing or damaged.
    """
    if not path.is_file():
        raise StudyError(f"{path} is missing: the {what} has not ended, or is elsewhere.")
    try:
        return unsealed(read_json(path), but=but)
    except (ValueError, AttributeError) as error:
        raise StudyError(
            f"{path} is damaged ({reason(error, named=False)}). Run the {what} again."
        ) from error
