"""Objects and actions in short videos: convolutions on each frame, then a recurrent layer over frames.

python examples/short_video.py
"""

import numpy as np
import torch
from torch import nn

import polytask
from polytask import MultiTaskDataset, Task
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer

FRAMES, SIDE = 6, 16
ACTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1), "rests": (0, 0)}


class FramesThenTime(nn.Module):
    """Features of a video (n, frames, 1, height, width); each copy is made by the shape of a row."""

    def __init__(self, shape: tuple[int, ...], width: int = 48) -> None:
        super().__init__()
        places = (shape[-2] // 4) * (shape[-1] // 4)
        self.frame = nn.Sequential(
            *(nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(12, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(16 * places, width), nn.ReLU()),
        )
        self.time = nn.GRU(width, width, batch_first=True)

    def forward(self, videos: torch.Tensor) -> torch.Tensor:
        """The state after the last frame."""
        frames = self.frame(videos.flatten(0, 1)).unflatten(0, videos.shape[:2])
        return self.time(frames)[0][:, -1]


def videos(rows: int, seed: int = 0) -> MultiTaskDataset:
    """A square, a cross or a disc that moves, among noise."""
    generator = np.random.default_rng(seed)
    v, u = np.mgrid[:SIDE, :SIDE]
    frames = generator.normal(size=(rows, FRAMES, 1, SIDE, SIDE), scale=0.6)
    objects, actions = generator.integers(3, size=rows), generator.choice(list(ACTIONS), rows)
    for row, (thing, action) in enumerate(zip(objects, actions, strict=True)):
        start = generator.integers(5, SIDE - 5, size=2)
        for frame in range(FRAMES):
            x, y = start + np.multiply(ACTIONS[action], frame - FRAMES // 2)
            across, down = np.abs(u - x), np.abs(v - y)
            square, cross = (
                np.maximum(across, down) <= 2,
                (across * down == 0) & (across + down <= 3),
            )
            frames[row, frame, 0] += (square, cross, across**2 + down**2 <= 5)[thing]
    answers = {"object": np.array(["square", "cross", "disc"])[objects], "action": actions}
    return MultiTaskDataset.from_arrays(
        frames, answers, [Task(name, "multiclass") for name in answers]
    )


def main(rows: int = 800, steps: int = 300, seeds: int = 3) -> None:
    """Compare one network of both labels with one for each."""
    network = MultiTaskNetwork(
        HardSharing(FramesThenTime), Trainer(batch_size=32, learning_rate=2e-3)
    )
    print(polytask.compare(videos(rows), [network], seeds=seeds, budget=Budget(steps=steps)))


if __name__ == "__main__":
    main()
