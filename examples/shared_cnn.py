"""One network of convolutions with three softmax heads, against a network for each task.

python examples/shared_cnn.py

Half of scikit-learn's 1797 digits test, a fifth validate. The networks have the same layers, steps and batches.
"""

import numpy as np
from sklearn.datasets import load_digits

import polytask
from polytask import MultiTaskDataset, Task
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.encoders import CNN
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer


def digits() -> MultiTaskDataset:
    """Which digit an image of 8 × 8 pixels shows, its closed loops, its remainder by three."""
    images, digit = load_digits(return_X_y=True)
    loops = np.array([1, 0, 0, 0, 0, 0, 1, 0, 2, 1])
    answers = {"digit": digit, "closed_loops": loops[digit], "remainder": digit % 3}
    tasks = [Task(name, "multiclass") for name in answers]
    return MultiTaskDataset.from_arrays(images.reshape(-1, 1, 8, 8), answers, tasks)


def main(steps: int = 600, seeds: int = 3) -> None:
    """Compare the shared network with one network for each task."""
    network = MultiTaskNetwork(
        HardSharing(CNN((16, 32), normalization="group", dense=(64,))),
        Trainer(batch_size=64, learning_rate=2e-3),
    )
    comparison = polytask.compare(
        digits(), [network], split="random:0.5", seeds=seeds, budget=Budget(steps=steps)
    )
    print(comparison)


if __name__ == "__main__":
    main()
