"""Visits, purchases and dollars of customers after an e-mail, each task after the one before.

POLYTASK_DATA=... python examples/customers.py

Nine customers in a thousand buy. ESMM makes the chance of a purchase from that of a visit, and dollars from
the chance of a purchase; hard sharing answers each by a head of its own.
"""

import numpy as np

import polytask
from polytask.architectures import ESMM, HardSharing
from polytask.bookkeeping import Budget
from polytask.datasets import fetch_hillstrom
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer


def main(rows: int = 64_000, steps: int = 600, seeds: int = 3) -> None:
    """Compare joint networks with networks apart, linear models and boosted trees."""
    customers = fetch_hillstrom()
    data = customers.dataset.take({customers.dataset.sources[0].name: np.arange(rows)})
    encoder, trainer = MLP((64, 64), dropout=0.2), Trainer(batch_size=256)
    networks = [MultiTaskNetwork(kind(encoder), trainer) for kind in (HardSharing, ESMM)]
    learners, budget = [*networks, "linear", "gradient_boosting"], Budget(steps=steps)
    print(polytask.compare(data, learners, split=customers.split, seeds=seeds, budget=budget))


if __name__ == "__main__":
    main()
