"""Tests and benchmarks on a CUDA device, within 8 minutes; Markdown with the card's name.

Runs the tests marked gpu, `balancing.py`, `sharing_cost.py` and `ensemble_steps.py`, each in a process with a time
limit, and writes `results_gpu.md` beside this file. Without a device it says so.

    [LIBMTL_PATH=...] python benchmarks/gpu.py
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import torch

HERE = Path(__file__).parent
RESULT = HERE / "results_gpu.md"
PARTS = {
    "Tests marked gpu": (["-m", "pytest", "-q", "-n", "0", "-m", "gpu", "tests/gpu"], 150),
    "Balancing": (
        [
            *("benchmarks/balancing.py", "--device", "cuda", "--rows", "exact", "amortised"),
            *("--rounds", "3", "--seconds", "1"),
        ],
        120,
    ),
    "Sharing": (["benchmarks/sharing_cost.py", "--device", "cuda"], 120),
    "Ensembles": (["benchmarks/ensemble_steps.py", "--device", "cuda"], 60),
}
"""Arguments of Python and a limit in seconds for each part."""


def output_of(arguments: list[str], limit: int) -> tuple[str, bool]:
    """What a process printed, also of one that was stopped, and whether it ended well."""
    try:
        done = subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            timeout=limit,
            cwd=HERE.parent,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        out = late.stdout or b""
        text = out.decode() if isinstance(out, bytes) else out
        return f"{text}\n\nStopped after {limit} s.", False
    text = done.stdout if done.returncode == 0 else f"{done.stdout}\n\n{done.stderr[-2000:]}"
    return text, done.returncode == 0


def main() -> int:
    """Run all parts; the exit status says whether all ended well."""
    if not torch.cuda.is_available():
        print("There is no CUDA device here, so nothing was run.")
        return 0
    card = torch.cuda.get_device_name()
    sections = [f"# Results on {card}\n\n`make gpu` with torch {torch.__version__}."]
    fine = True
    for title, (arguments, limit) in PARTS.items():
        text, ended_well = output_of(arguments, limit)
        fine = fine and ended_well
        sections.append(f"## {title}\n\n{text.strip()}")
        RESULT.write_text("\n\n".join(sections) + "\n", encoding="utf-8")
        print(sections[-1], flush=True)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
