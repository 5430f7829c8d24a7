"""Output of the commands: results on stdout, notes on stderr, all of it kept for logs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import typer

from polytask._files import write_text
from polytask._plain import read_file
from polytask.cli._option_words import in_options

__all__ = ["Voice"]


@dataclass
class Voice:
    """Says notes, warnings and results, and remembers them.

    Parameters
    ----------
    quiet : bool
        Whether notes are kept back; warnings are not.
    """

    quiet: bool = False
    lines: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Write a note to stderr."""
        self.keep(text)
        if not self.quiet:
            typer.echo(text, err=True)

    def warning(self, text: str) -> None:
        """Write a sentence on the data or on a decision to stderr, also if quiet."""
        text = in_options(text)
        self.keep(text)
        typer.echo(f"note: {text.strip().removeprefix('note: ')}" if self.quiet else text, err=True)

    def result(self, text: str) -> None:
        """Write a result to stdout."""
        self.keep(text)
        typer.echo(text)

    def keep(self, text: str) -> None:
        """Keep a line for the log alone."""
        moment = datetime.now(tz=UTC).isoformat(timespec="seconds")
        self.lines += [f"{moment} {line}".rstrip() for line in text.splitlines() or [""]]

    def write_log(self, path: Path) -> None:
        """Append what was written to a log file."""
        write_text(path, _before(path) + "".join(f"{line}\n" for line in self.lines))


def _before(path: Path) -> str:
    """Read the log's previous content; a file that is no log is replaced."""
    try:
        return read_file(path).decode("utf-8", errors="replace")
    except (FileNotFoundError, ValueError):
        return ""
