"""A gradient aggregator in a PyTorch loop of one's own: three lines change.

python examples/plain_loop.py
"""

import torch
from torch import nn

from polytask.aggregation import MGDA
from polytask.gradients import backward


def main() -> None:
    """Fit two regressions whose gradients conflict, with a shared trunk."""
    torch.manual_seed(0)
    inputs = torch.randn(512, 10)
    targets = torch.stack([inputs[:, 0] + inputs[:, 1], inputs[:, 0] - inputs[:, 1]], dim=1)
    trunk = nn.Sequential(nn.Linear(10, 32), nn.ReLU())
    heads = nn.ModuleList([nn.Linear(32, 1), nn.Linear(32, 1)])
    optimizer = torch.optim.Adam([*trunk.parameters(), *heads.parameters()], lr=1e-2)
    aggregator = MGDA()

    for step in range(201):
        features = trunk(inputs)
        predictions = torch.cat([head(features) for head in heads], dim=1)
        losses = (predictions - targets).square().mean(dim=0)
        optimizer.zero_grad()
        weights = backward(losses, trunk.parameters(), aggregator)  # was: losses.sum().backward()
        optimizer.step()
        if step % 100 == 0:
            shown = ", ".join(f"{loss:.4f}" for loss in losses.tolist())
            print(
                f"step {step:3d}: losses {shown}; weights {[round(w, 2) for w in weights.tolist()]}"
            )


if __name__ == "__main__":
    main()
