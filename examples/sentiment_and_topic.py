"""Two questions about the same reviews: whether they are positive, and what they are about.

POLYTASK_DATA=... python examples/sentiment_and_topic.py
"""

import polytask
from polytask import Task
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import RandomSplit
from polytask.datasets import as_table
from polytask.encoders import NGramBag
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer


def main(rows: int = 5900, steps: int = 400, seeds: int = 3) -> None:
    """Compare a bag of words for both tasks with one for each, and with logistic regression."""
    table = as_table("blitzer").sample(rows, seed=0, shuffle=True)
    tasks = [Task("positive", "binary", metrics=("accuracy",)), Task("domain", "multiclass")]
    data = polytask.read(table, tasks, columns={"review": "text"})
    bag = NGramBag((), word_dim=32)  # words and pairs of words
    network = MultiTaskNetwork(HardSharing(bag), Trainer(batch_size=64, learning_rate=1e-2))
    split, budget = RandomSplit(test=0.2, validation=0.2), Budget(steps=steps)
    print(polytask.compare(data, [network, "linear"], split=split, seeds=seeds, budget=budget))


if __name__ == "__main__":
    main()
