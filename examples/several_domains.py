"""Four origins of images as sources, one task each, and samplers that mix them in a batch.

POLYTASK_DATA=... python examples/several_domains.py

Amazon and Caltech have about a thousand images each, a webcam 295 and a camera (dslr) 157. Every domain
has a first layer of its own and a softmax head; the layer between them is shared.
"""

import polytask
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.datasets import fetch_office_caltech
from polytask.encoders import MLP, ByRole
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer


def main(steps: int = 300, folds: int = 3) -> None:
    """Compare samplers of a joint network, networks of each domain alone and linear models."""
    data = fetch_office_caltech().dataset
    encoder = ByRole(rest=MLP((64,), dropout=0.5), joint=MLP((64,), dropout=0.5))
    networks = [
        MultiTaskNetwork(
            HardSharing(encoder),
            Trainer(sampler=sampler, batch_size=64, learning_rate=1e-3),
            label=f"hard_sharing, {sampler or 'all rows'}",
        )
        for sampler in (None, "uniform", "temperature:0.5")
    ]
    split, budget = f"folds:{folds}", Budget(steps=steps)
    print(polytask.compare(data, [*networks, "linear"], split=split, budget=budget))


if __name__ == "__main__":
    main()
