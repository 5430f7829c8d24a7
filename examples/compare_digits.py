"""The main job from Python: train tasks together and apart, and use the better model.

python examples/compare_digits.py
"""

import polytask
from polytask.architectures import HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.datasets import load_digits_tasks
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.report import write_report
from polytask.training import Trainer


def main(steps: int = 1000, seeds: int = 3, report: str = "runs/digits/report.html") -> None:
    """Compare hard sharing with single-task networks on scikit-learn's digits."""
    digits = load_digits_tasks(("digit", "odd", "closed_loops"))
    encoder, trainer = MLP((128,), dropout=0.1), Trainer(batch_size=128)
    comparison = polytask.compare(
        digits,
        [
            MultiTaskNetwork(SingleTask(encoder), trainer),
            MultiTaskNetwork(HardSharing(encoder), trainer),
            "gradient_boosting",
        ],
        seeds=seeds,
        budget=Budget(steps=steps),
    )
    print(comparison)
    print("report:", write_report(comparison, report))
    table = digits.sources[0].inputs.head(3)
    print("three digits:", comparison.chosen.predict(table)["digit"].decision)


if __name__ == "__main__":
    main()
