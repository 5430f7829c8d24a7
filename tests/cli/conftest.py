from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli_tables import census, write_csv

from polytask.cli import main


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The last line on stderr."""
        return self.err.rstrip("\n").rpartition("\n")[2]


@pytest.fixture
def polytask(capsys, monkeypatch, tmp_path) -> Callable[..., Ran]:
    """Run a command in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POLYTASK_DEBUG", raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ran(end.value.code or 0, said.out, said.err)

    return run


@pytest.fixture
def table(tmp_path) -> Path:
    """``census.csv``: age, colour, income (0, 1), level (0, 1, 2), score, married (no, yes)."""
    return write_csv(tmp_path / "census.csv", census())
