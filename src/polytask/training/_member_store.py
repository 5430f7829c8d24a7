"""The checkpoint of a population: a folder with a file for every member that has ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from polytask._files import writing
from polytask._reason import reason
from polytask.architectures import MultiTaskModule
from polytask.bookkeeping import History
from polytask.exceptions import NonFiniteLossError, StudyError
from polytask.training._checkpoint import load_state, save_state

__all__ = ["MemberStore"]

_LETTERS = 24


class MemberStore:
    """The members that have ended, in a folder, by the identities of their runs.

    A member is found again wherever it stands in a list of members.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)

    def running(self, identity: str) -> Path:
        """The checkpoint of a run, or of a stack of them, that has not ended."""
        return self.folder / f"running-{identity[:_LETTERS]}.safetensors"

    def put(self, identity: str, network: MultiTaskModule, history: History) -> None:
        """Write a member that has ended."""
        state = dict(network.state_dict())
        kept = {"identity": identity, "network": state, "history": history.to_dict()}
        save_state(self._done(identity), kept)

    def put_error(self, identity: str, error: NonFiniteLossError) -> None:
        """Write a member whose losses diverged, which another training would do again."""
        save_state(self._done(identity), {"identity": identity, "error": str(error)})

    def has(self, identity: str) -> bool:
        """Whether a member has ended."""
        return self._done(identity).exists()

    def restore(self, identity: str, network: MultiTaskModule) -> History:
        """Give a network the state of a member that has ended, and return its history.

        Raises
        ------
        NonFiniteLossError
            As when it diverged.
        StudyError
            If the file is not as it was written.
        """
        path = self._done(identity)
        state = load_state(path)
        if "error" in state and state.get("identity") == identity:
            raise NonFiniteLossError(str(state["error"]))
        try:
            return self._restored(identity, network, state)
        except Exception as error:
            why = reason(error)
            sentence = (
                f"{path.name} holds no state of this member ({why}). Delete it to start anew."
            )
            raise StudyError(sentence) from error

    def _restored(self, identity: str, network: MultiTaskModule, state: Any) -> History:
        if state["identity"] != identity:
            sentence = "it belongs to another recipe, data set or member"
            raise ValueError(sentence)
        network.load_state_dict(state["network"])
        network.eval()
        return History.from_dict(state["history"])

    def _done(self, identity: str) -> Path:
        return self.folder / f"member-{identity[:_LETTERS]}.safetensors"
