"""Segmentation and depth of generated scenes by one network, against a network for each.

Every pixel of an image has a class (wall, floor, box or ball) and a depth in metres. Hard sharing,
MTAN and cross-stitch stand on the same small U-Net as the single-task networks.
"""

from polytask import compare
from polytask.architectures import MTAN, CrossStitch, HardSharing
from polytask.bookkeeping import Budget
from polytask.datasets import make_scenes
from polytask.encoders import UNet


def main(rows: int = 600, size: int = 32, steps: int = 300, seeds: int = 3) -> None:
    """Compare the networks and print their scores and the verdict."""
    data, _ = make_scenes(rows, size, targets=("segments", "depth"), seed=0)
    encoder = UNet((12, 24, 48))
    comparison = compare(
        data,
        [HardSharing(encoder), MTAN(encoder), CrossStitch(encoder)],
        budget=Budget(steps=steps, trials=1),
        seeds=seeds,
    )
    print(comparison)


if __name__ == "__main__":
    main()
