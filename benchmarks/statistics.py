"""How often verdicts are wrong, and how often intervals miss, over drawn predictions.

No model is trained: the predictions of two learners are drawn, and tested and given intervals as
`polytask.compare` does. Results are kept cell by cell in a file, so that a run goes on where it
was stopped; the tables are printed from all that the file holds.

    python benchmarks/statistics.py --studies 10000 --results statistics.jsonl
    python benchmarks/statistics.py --only 'a/mae|power' --studies 1000
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

if __name__ != "__main__":  # this folder leads the path of its scripts: be Python's own module
    import importlib.util
    import sysconfig

    _own = Path(sysconfig.get_path("stdlib")) / "statistics.py"
    _spec = importlib.util.spec_from_file_location("statistics", _own)
    assert _spec is not None
    assert _spec.loader is not None
    _module = importlib.util.module_from_spec(_spec)
    sys.modules["statistics"] = _module
    _spec.loader.exec_module(_module)
else:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=10_000, help="per cell")
    parser.add_argument("--only", default="", help="regular expression that cells' keys match")
    parser.add_argument("--results", type=Path, help="file to go on from and write to")
    parser.add_argument("--tables", action="store_true", help="only print what the file holds")
    return parser.parse_args()


def main() -> None:
    """Count what is missing, and print the tables."""
    from statistics_cells import cells
    from statistics_tables import print_tables, read, write

    given = arguments()
    found = read(given.results)
    wanted = [cell for cell in cells() if re.search(given.only, cell.key)]
    for cell in [] if given.tables else wanted:
        if cell.key not in found:
            found[cell.key] = cell.run(given.studies)
            write(given.results, cell.key, found[cell.key])
            print(cell.key, found[cell.key], file=sys.stderr, flush=True)
    print_tables(wanted, found)


if __name__ == "__main__":
    main()
