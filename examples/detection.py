"""Detection of boxes and balls in generated scenes: a heat map of centers, and a size at each of them.

python examples/detection.py

One network for both maps, against a network for each with the same layers and steps. Printed is the average
precision of test images: a box found is right if it overlaps a true one of its sort by half (IoU).
"""

import numpy as np
from scipy.ndimage import maximum_filter

from polytask.architectures import HardSharing, SingleTask
from polytask.datasets import make_scenes
from polytask.encoders import UNet
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

PLACE = 4  # pixels of the image


def detections(heat: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Peaks of the heat maps (n, 2, places, places): score, image, sort and edges of a box each."""
    peaks = (heat == maximum_filter(heat, size=(1, 1, 3, 3))) & (heat > 0.02)
    image, sort, row, column = np.nonzero(peaks)
    half = sizes[image, :, row, column] / 2
    center = PLACE * (np.stack([column, row], axis=1) + 0.5)
    parts = [heat[peaks], image, sort]
    return np.column_stack([*parts, center - half, center + half])


def overlap(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of a box with others (k, 4)."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = sides.clip(min=0).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod()
    return shared / (areas - shared)


def average_precision(found: np.ndarray, truth: list[np.ndarray]) -> float:
    """Mean over both sorts of the area under precision by recall."""
    areas = []
    for sort in (0, 1):
        true = [boxes[boxes[:, 0] == sort + 2, 1:] for boxes in truth]
        free = [np.ones(len(boxes), dtype=bool) for boxes in true]
        right = []
        for _, image, _, *box in sorted(found[found[:, 2] == sort].tolist(), reverse=True):
            overlaps = overlap(np.array(box), true[int(image)]) * free[int(image)]
            right.append(len(overlaps) > 0 and overlaps.max() >= 0.5)
            if right[-1]:
                free[int(image)][overlaps.argmax()] = False
        precision = np.cumsum(right) / np.arange(1, len(right) + 1)
        best_after = np.maximum.accumulate(precision[::-1])[::-1]
        areas.append(best_after[np.array(right, dtype=bool)].sum() / sum(map(len, true)))
    return float(np.mean(areas))


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
            found = network.fit(train, validation, seed).predict(test)
            maps = found["centers"].response, found["sizes"].response
            scores.append(average_precision(detections(*maps), boxes))
        shown = ", ".join(f"{score:.3f}" for score in scores)
        print(f"{architecture.__name__}: average precision {np.mean(scores):.3f} ({shown})")


if __name__ == "__main__":
    main()
