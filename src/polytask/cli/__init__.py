"""The command line: compare, fit, predict, datasets. `polytask --help` loads no torch."""

from polytask.cli._main import main

__all__ = ["main"]
