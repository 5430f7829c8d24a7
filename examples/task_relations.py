"""A relation of tasks that is learned with the networks: printed, and drawn as SVG.

python examples/task_relations.py
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

import polytask
from polytask.architectures import SoftSharing
from polytask.datasets import make_clustered_tasks
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.penalties import RelationGraph
from polytask.training import Trainer


def main(steps: int = 600, out: str = "runs/relations.svg") -> None:
    """Learn which of six tasks belong together; they were made in two clusters of three."""
    data, truth = make_clustered_tasks(n_clusters=2, tasks_per_cluster=3, n_rows=150, seed=0)
    # A linear network per task. The penalty draws related tasks together, and its relations are
    # learned in turn: not negative, and of a fixed sum, since they would vanish otherwise.
    architecture = SoftSharing(MLP(()), penalty=RelationGraph(alpha=0.1))
    network = MultiTaskNetwork(architecture, Trainer(steps=steps, learning_rate=0.01))
    predictor = polytask.fit(data, network)

    # One relation per coupled layer; here there is one layer, the heads.
    (learned,) = predictor.relations().values()
    relations = learned.values
    print("clusters:", dict(zip(predictor.tasks.names, truth.clusters.tolist(), strict=True)))
    print(np.round(relations, 2))
    same = np.equal.outer(truth.clusters, truth.clusters)
    print(f"{relations[same].sum() / relations.sum():.0%} of the relation lies within clusters")
    print("drawn:", draw(relations, learned.tasks, Path(out)))


def draw(relations: np.ndarray, names: tuple[str, ...], path: Path) -> Path:
    """Draw a matrix of tasks × tasks."""
    figure = Figure(figsize=(4.5, 4), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(relations, cmap="Blues", vmin=0)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    figure.colorbar(image, label="relation")
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.fonttype": "none"}):  # text stays text
        figure.savefig(path)
    return path


if __name__ == "__main__":
    main()
