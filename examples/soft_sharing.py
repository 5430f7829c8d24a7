"""Soft sharing: a network per task, each drawn towards the mean of all.

python examples/soft_sharing.py
"""

import polytask
from polytask.architectures import SoftSharing
from polytask.bookkeeping import Budget
from polytask.datasets import make_related_regression
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.penalties import MeanDeviation
from polytask.training import Trainer


def main(steps: int = 400, seeds: int = 2) -> None:
    """Compare it with the same networks apart, on regressions that have few rows each."""
    data, _ = make_related_regression(n_tasks=6, n_rows=50, relatedness=0.9, own_rows=True, seed=0)
    trainer = Trainer(batch_size=64, learning_rate=3e-3)
    # Σₖ Lₖ + α/2 Σₖ ‖Wₖ − W̄‖², for the weights W of every layer: α = 0 is single-task learning,
    # and a large α one network for all tasks.
    learners = [
        MultiTaskNetwork(
            SoftSharing(MLP((32,)), penalty=MeanDeviation(alpha=alpha)),
            trainer,
            label=f"soft_sharing, alpha {alpha}",
        )
        for alpha in (0.01, 0.1, 1.0)
    ]
    # The single-task baseline, with the same encoder, is added by itself.
    print(polytask.compare(data, learners, seeds=seeds, budget=Budget(steps=steps), quiet=True))


if __name__ == "__main__":
    main()
