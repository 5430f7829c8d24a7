"""Detection of boxes and balls in generated scenes: a heat map of centers, and a size at each of them.

python examples/detection.py

One network for both maps, against a network for each with the same layers and steps. Printed is the average
precision of test images: a box found is right if it overlaps a true one of its sort by half (IoU).
"""

import numpy as np

from polytask.architectures import HardSharing, SingleTask
from polytask.datasets import make_scenes
from polytask.encoders import UNet
from polytask.metrics import center_boxes, detection_scores
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

PLACE = 4  # pixels of the image
BOX, BALL = 2, 3  # their classes


def main(rows: int = 600, steps: int = 300, seeds: int = 3) -> None:
    """Train on half of the scenes, choose the state on a sixth, and test on the others."""
    data, truth = make_scenes(rows, 32, targets=("centers", "sizes"))
    parts = np.split(np.arange(rows), [rows // 2, rows * 2 // 3])
    train, validation, test = (data.take({data.sources[0].name: part}) for part in parts)
    boxes = [truth.boxes[row] for row in parts[2]]
    trainer = Trainer(steps=steps, batch_size=16, learning_rate=2e-3)
    for architecture in (SingleTask, HardSharing):
        network = MultiTaskNetwork(architecture(UNet((12, 24, 48))), trainer)
        scores = []
        for seed in range(seeds):
            maps = network.fit(train, validation, seed).predict(test)
            heat, sizes = maps["centers"].response, maps["sizes"].response
            found = center_boxes(heat, sizes, stride=PLACE, labels=(BOX, BALL))
            scores.append(detection_scores(found, boxes).average_precision)
        shown = ", ".join(f"{score:.3f}" for score in scores)
        print(f"{architecture.__name__}: average precision {np.mean(scores):.3f} ({shown})")


if __name__ == "__main__":
    main()
