"""Segmentation and depth of generated scenes by one network, and by a network for each.

Every pixel of an image has a class (wall, floor, box or ball) and a depth in metres. Hard sharing,
MTAN and cross-stitch stand on the same small U-Net as the single-task networks.

python examples/segmentation_and_depth.py
"""

import polytask
from polytask.architectures import MTAN, CrossStitch, HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.datasets import make_scenes
from polytask.encoders import UNet
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer


def main(rows: int = 800, size: int = 24, steps: int = 500, seeds: int = 3) -> None:
    """Compare the networks, and show what the best of them says of one image."""
    scenes, truth = make_scenes(rows, size, targets=("segments", "depth"))
    encoder, trainer = UNet((8, 16, 32)), Trainer(batch_size=32, learning_rate=1e-2)
    networks = [recipe(encoder) for recipe in (SingleTask, HardSharing, MTAN, CrossStitch)]
    comparison = polytask.compare(
        scenes,
        [MultiTaskNetwork(network, trainer) for network in networks],
        seeds=seeds,
        budget=Budget(steps=steps, trials=1),
    )
    print(comparison)
    if comparison.recommended.learner is not None:
        answers = comparison.chosen.predict(scenes.sources[0].inputs.head(1))
        right = (answers["segments"].decision[0] == truth.segments[0]).mean()
        error = abs(answers["depth"].decision[0] - truth.depth[0]).mean()
        print(f"first image: {right:.0%} of the pixels right, {error:.2f} m off in depth")


if __name__ == "__main__":
    main()
