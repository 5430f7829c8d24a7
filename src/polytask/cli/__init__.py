"""The command line: compare, fit, predict, methods, datasets.

Each command has two files: `_NAME_command.py` declares its options, `_NAME.py` runs it and imports
the heavy rooms, so that `polytask --help` loads no torch. A newcomer begins with `_app.py` and
`_compare.py`.
"""

from polytask.cli._main import main

__all__ = ["main"]
