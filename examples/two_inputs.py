"""Two images in, two labels out: convolutions for each image, joined by a dense layer that tasks share.

POLYTASK_DATA=... python examples/two_inputs.py
"""

import polytask
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.datasets import fetch_image_pairs
from polytask.encoders import CNN, MLP, ByRole
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer


def main(rows: int = 6000, test_rows: int = 3000, steps: int = 600, seeds: int = 3) -> None:
    """Compare the network of both labels with one for each label; all of them see both images."""
    pairs = fetch_image_pairs(rows, test_rows)
    encoder = ByRole({"image": CNN((8, 16), normalization="group", dense=(64,))}, joint=MLP((64,)))
    network = MultiTaskNetwork(HardSharing(encoder), Trainer(batch_size=64, learning_rate=2e-3))
    budget = Budget(steps=steps)
    print(polytask.compare(pairs.dataset, [network], split=pairs.split, seeds=seeds, budget=budget))


if __name__ == "__main__":
    main()
