"""Trials of a tuning in Optuna's storage: one study per learner and split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from polytask._listing import enumerated
from polytask._reason import reason
from polytask.exceptions import StudyError

if TYPE_CHECKING:
    import optuna
    from optuna.storages import RDBStorage

__all__ = ["TrialStore", "undamaged"]

_OURS = "polytask"


class TrialStore:
    """Studies of one tuning.

    Parameters
    ----------
    storage : optuna.storages.RDBStorage
    identity : mapping
        Plain values that all studies in the storage share: data, split, steps, sampler, seed, ….

    Raises
    ------
    StudyError
        If the storage holds a study of something else, or was edited.
    """

    def __init__(self, storage: RDBStorage, identity: Mapping[str, Any]) -> None:
        import optuna

        self._storage = storage
        self._identity = dict(identity)
        with undamaged():
            summaries = optuna.get_all_study_summaries(storage)
        for summary in summaries:
            self._check(summary.study_name, summary.user_attrs)

    def _check(self, name: str, attributes: Mapping[str, Any]) -> None:
        held = attributes.get(_OURS)
        if not isinstance(held, Mapping):
            held = {}
        different = [key for key, value in self._identity.items() if held.get(key) != value]
        if different:
            verb = "differs" if len(different) == 1 else "differ"
            sentence = (
                f"The storage of trials, tuning.sqlite, holds another study, {name!r}: its "
                f"{enumerated(different)} {verb}. Choose another folder with `out`, or remove "
                "this one."
            )
            raise StudyError(sentence)

    def study(self, name: str, *, maximise: bool = True) -> optuna.Study:
        """The study of a name, with its trials if it was begun before."""
        import optuna

        study = optuna.create_study(
            storage=self._storage,
            study_name=name,
            direction="maximize" if maximise else "minimize",
            load_if_exists=True,
        )
        if _OURS not in study.user_attrs:
            study.set_user_attr(_OURS, self._identity)
        return study


@contextmanager
def undamaged() -> Iterator[None]:
    """Turn what values that do not fit their ranges raise, where trials are read, into our error."""
    try:
        yield
    except (ValueError, LookupError, TypeError) as error:
        sentence = (
            f"The trials in tuning.sqlite are damaged ({reason(error, named=False)}). "
            "Choose another folder with `out`, or remove this one."
        )
        raise StudyError(sentence) from error
