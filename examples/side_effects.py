"""Side effects of drugs in 27 classes of organs, learned from the text of their molecules.

POLYTASK_DATA=... python examples/side_effects.py
"""

import numpy as np

import polytask
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.datasets import fetch_sider
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer


def main(steps: int = 300, seeds: int = 3) -> None:
    """Compare one network for all effects with one for each and with logistic regression."""
    sider = fetch_sider()
    encoder, trainer = MLP((64,), dropout=0.5), Trainer(batch_size=64, weight_decay=1e-3)
    learners = [MultiTaskNetwork(HardSharing(encoder), trainer), "linear"]
    comparison = polytask.compare(
        sider.dataset, learners, split=sider.split, seeds=seeds, budget=Budget(steps=steps)
    )
    print(comparison.judgement.headline)
    for learner in comparison.learners:
        areas = [metrics["roc_auc"].value for metrics in learner.tasks.values()]
        known = [area for area in areas if area is not None]
        print(f"{learner.name}: mean ROC-AUC {np.mean(known):.3f} over {len(known)} effects")


if __name__ == "__main__":
    main()
