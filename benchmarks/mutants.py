"""How many small mistakes in the source a room's own tests notice.

    python -P benchmarks/mutants.py --seed 0 --count 200

Draws mutants (one operator, comparison, sign, constant or boolean changed) by cosmic-ray's
operators, rooms in proportion to their statements: first a random place, then one of the changes
that it allows. Docstrings, annotations, error texts and `__all__` are left as they are. Each
mutant meets the tests of its room that reach it, until one fails; what type checks of calls
would notice is switched off. Outcomes are kept in `--folder`, so that a second call goes on where
the first ended; `--again` tries the survivors once more, with all tests of the test files that
reach them. Mutants that change nothing that is promised are named, each with the reason, in
`mutants_equivalent.yaml`, and set apart.

Needs `pip install "cosmic-ray>=8.7" "coverage>=7.6"` beside the test tools, and POSIX for its
forks. `-P`, since a file here is called like a module of Python's library.
"""

from __future__ import annotations

import argparse
import json
import sys
from argparse import Namespace
from itertools import islice
from pathlib import Path

import yaml

sys.path.append(str(Path(__file__).parent))  # which `-P` leaves out

from mutants_draw import Mutant, mutants, statements
from mutants_trial import ROOT, Room

ROOMS = ("statistics", "evaluation", "metrics", "_linalg", "data")
EQUIVALENT = Path(__file__).with_name("mutants_equivalent.yaml")


def quotas(count: int) -> dict[str, int]:
    """Mutants of each room in proportion to its statements, by largest remainders."""
    sizes = {room: statements(room) for room in ROOMS}
    ideal = {room: count * size / sum(sizes.values()) for room, size in sizes.items()}
    least = {room: int(share) for room, share in ideal.items()}
    nearest = sorted(ROOMS, key=lambda room: least[room] - ideal[room])
    return {room: least[room] + (room in nearest[: count - sum(least.values())]) for room in ROOMS}


class Outcomes:
    """What became of each mutant, on disk."""

    def __init__(self, file: Path) -> None:
        self.file = file
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self.known = dict(json.loads(line) for line in lines)

    def add(self, mutant: Mutant, outcome: str) -> None:
        """Keep an outcome at once, in case of an interruption."""
        self.known[mutant.key] = outcome
        with self.file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps([mutant.key, outcome], ensure_ascii=False) + "\n")


def try_room(name: str, drawn: list[Mutant], outcomes: Outcomes, options: Namespace) -> None:
    def report(mutant: Mutant, outcome: str) -> None:
        outcomes.add(mutant, outcome)
        print(f"{outcome}: {mutant.key}", file=sys.stderr, flush=True)

    if drawn:
        room = Room(name, options.folder, options.without)
        room.try_all(drawn, report, widely=options.again)


def table(drawn: dict[str, list[Mutant]], known: dict[str, str], reasons: dict[str, str]) -> None:
    print("| room | drawn | equivalent | killed | of these by the clock | share |")
    print("|---|---|---|---|---|---|")
    totals = [0, 0, 0, 0]
    for room, of_room in drawn.items():
        tried = [known[mutant.key] for mutant in of_room if mutant.key in known]
        equivalent = sum(m.key in reasons and known.get(m.key) == "survived" for m in of_room)
        clock = tried.count("timed out")
        row = [len(tried), equivalent, tried.count("killed") + clock, clock]
        totals = [total + number for total, number in zip(totals, row, strict=True)]
        print_row(room, row)
    print_row("all", totals)


def print_row(room: str, row: list[int]) -> None:
    drawn, equivalent, killed, _ = row
    share = 100 * killed / max(drawn - equivalent, 1)
    print(f"| {room} | {' | '.join(map(str, row))} | {share:.0f} % |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--only", choices=ROOMS, nargs="+", default=ROOMS)
    parser.add_argument("--again", action="store_true", help="try survivors once more, widely")
    parser.add_argument("--without", nargs="*", default=(), help="test files to leave out")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "mutants")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    drawn = {
        room: list(islice(mutants(room, arguments.seed), count))
        for room, count in quotas(arguments.count).items()
        if room in arguments.only
    }
    file = arguments.folder / f"seed-{arguments.seed}.jsonl"
    outcomes = Outcomes(file)
    entries = yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8"))
    known = outcomes.known
    for room, of_room in drawn.items():
        survivors = {m.key for m in of_room if known.get(m.key) == "survived"} - entries.keys()
        again = survivors if arguments.again else set()
        if again:  # the tests may have changed
            (arguments.folder / f"{room}.json").unlink(missing_ok=True)
        left = [m for m in of_room if m.key in again or m.key not in known]
        try_room(room, left, outcomes, arguments)
    known = Outcomes(file).known  # what forks have added
    table(drawn, known, entries)
    for mutant in (m for of_room in drawn.values() for m in of_room):
        if known[mutant.key] == "survived":
            print(f"\n- `{mutant.key}`: {entries.get(mutant.key, '**survived**')}")


if __name__ == "__main__":
    main()
