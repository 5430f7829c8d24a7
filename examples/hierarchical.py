"""A hierarchical network: two simple tasks at a low stage feed a harder one above.

python examples/hierarchical.py
"""

import numpy as np

import polytask
from polytask import MultiTaskDataset, Task
from polytask.architectures import HardSharing, Hierarchical
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer


def points(rows: int, seed: int) -> dict[str, np.ndarray]:
    """Which side of two lines each point lies on, and whether it is the same side of both."""
    x = np.random.default_rng(seed).normal(size=(rows, 4))
    left, below = x[:, 0] + x[:, 2] < 0, x[:, 1] - x[:, 3] < 0
    answers = {"left": left, "below": below, "same": left == below}
    columns = {f"x{i}": column for i, column in enumerate(x.T)}
    return columns | {name: answer.astype(int) for name, answer in answers.items()}


def main(rows: int = 300, steps: int = 150) -> None:
    """Compare the hierarchy with one trunk that answers all tasks at the top."""
    low = [Task("left", "binary"), Task("below", "binary")]
    tasks = [*low, Task("same", "binary", after=("left", "below"))]
    train, test = MultiTaskDataset.from_table(points(rows, 0), tasks), points(2000, 1)
    trainer = Trainer(steps=steps, batch_size=64, learning_rate=1e-2)
    for architecture in (Hierarchical(MLP((16, 16))), HardSharing(MLP((16, 16)))):
        predicted = polytask.fit(train, MultiTaskNetwork(architecture, trainer)).predict(test)
        right = {
            task.name: np.mean((predicted[task.name].response > 0.5) == test[task.name])
            for task in tasks
        }
        shares = ", ".join(f"{name} {share:.2f}" for name, share in right.items())
        print(f"{type(architecture).__name__}: right in {shares}")


if __name__ == "__main__":
    main()
