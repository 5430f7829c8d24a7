"""Clicks, purchases and ratings from one network, with the age groups of users beside them.

python examples/recommendation.py

Generated, with known preferences. Items shown to a user in test rows are ranked by the chance of a click:
on the last days, and for users whom training has not seen.
"""

from collections import defaultdict

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD

from polytask.architectures import HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.data import GroupSplit, TimeSplit
from polytask.datasets import make_recommendations
from polytask.encoders import MLP
from polytask.learners import GradientBoosting
from polytask.metrics import ranking_scores
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer


def factorised(
    users: np.ndarray, items: np.ndarray, click: np.ndarray, seen: np.ndarray
) -> np.ndarray:
    """Scores of all rows by a matrix of users and items, the best of rank 4 for the clicks seen."""
    n_items = items.max() + 1
    mean = np.bincount(items[seen], click[seen], n_items) / np.bincount(items[seen], None, n_items)
    cells = click[seen] - mean[items[seen]], (users[seen], items[seen])
    matrix = csr_matrix(cells, (users.max() + 1, n_items))
    factors = TruncatedSVD(4, random_state=0).fit(matrix)
    return mean[items] + (factors.transform(matrix) @ factors.components_)[users, items]


def main(n_users: int = 400, steps: int = 600, seeds: int = 3) -> None:
    """Print NDCG@5, hit rate@5 and area under the curve per user, mean over seeds."""
    encoder = MLP((64,), dropout=0.3, embedding_dim=16)
    trainer, budget = Trainer(learning_rate=3e-3, weight_decay=1e-4), Budget(steps=steps)
    learners = {
        "single-task": MultiTaskNetwork(SingleTask(encoder), trainer),
        "hard sharing": MultiTaskNetwork(HardSharing(encoder), trainer),
        "boosted trees": GradientBoosting(),
    }
    for name, splitter in {"last days": TimeSplit("day"), "new users": GroupSplit("user")}.items():
        ranked = defaultdict(list)
        for seed in range(seeds):
            data, truth = make_recommendations(n_users, seed=seed)
            (source,), (split,) = data.sources, splitter.splits(data, seed)
            texts = source.inputs["user"], source.inputs["item"]  # such as user_7
            users, items = (text.str.extract(r"(\d+)").cast(int).to_numpy() for text in texts)
            click = source.labelled().columns("click")["click"]
            seen, rows = split.train[source.name], split.test[source.name]
            known = data.without_columns(["day", "user"] if name == "new users" else ["day"])
            train, validation, test = split.apply(known)
            scores = {
                label: learner.fit(train, validation, seed, budget).predict(test)["click"].response
                for label, learner in learners.items()
            }
            scores["matrix of rank 4"] = factorised(users, items, click, seen)[rows]
            scores["true preferences"] = truth.click[users[rows], items[rows]]
            for label, values in scores.items():
                ranked[label].append(ranking_scores(users[rows], click[rows], values, k=5))
        for label, runs in ranked.items():
            ndcg, hits, area, _ = np.mean(runs, axis=0)
            print(f"{name}, {label}: NDCG {ndcg:.3f}, hit rate {hits:.3f}, area {area:.3f}")


if __name__ == "__main__":
    main()
