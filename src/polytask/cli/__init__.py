"""The command line: compare, fit, predict, methods, datasets. `polytask --help` loads no torch."""

from polytask.cli._main import main

__all__ = ["main"]
