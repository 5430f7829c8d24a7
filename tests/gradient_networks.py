"""Networks of every make whose engines must agree with the explicit Jacobian."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F


class Trunk(nn.Module):
    """A shared trunk, three heads and a batch, in one object."""

    def __init__(self, make_trunk: Callable[[], nn.Module], inputs: torch.Tensor) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.trunk = make_trunk()
            width = self.trunk(inputs).flatten(1).shape[1]
            self.heads = nn.ModuleList(nn.Linear(width, 2) for _ in range(3))
            self.targets = torch.randn(len(inputs), 3, 2)
        self.inputs = inputs

    def features(self) -> torch.Tensor:
        return self.trunk(self.inputs).flatten(1)

    def losses(self, features: torch.Tensor | None = None) -> list[torch.Tensor]:
        features = self.features() if features is None else features
        return [
            F.smooth_l1_loss(head(features), self.targets[:, k]) * (k + 1)
            for k, head in enumerate(self.heads)
        ]

    def shared(self) -> list[nn.Parameter]:
        return [p for p in self.trunk.parameters() if p.requires_grad]


class LSTM(nn.Module):
    """The last state of a recurrent layer over embedded words."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(7, 5, padding_idx=0)
        self.recurrent = nn.LSTM(5, 6, batch_first=True)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        return self.recurrent(self.words(words))[0][:, -1]


class Tied(nn.Module):
    """One weight used three times, once transposed by hand; a scale and a frozen layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.again = nn.Linear(4, 4), nn.Linear(4, 4, bias=False)
        self.again.weight = self.first.weight
        self.scale = nn.Parameter(torch.rand(4))
        self.frozen = nn.Linear(4, 4).requires_grad_(False)
        self.projection = nn.Parameter(torch.randn(4, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = torch.tanh(self.first(x)) * self.scale
        return self.again(self.frozen(torch.tanh(self.first(hidden)))) @ self.projection


class Attention(nn.Module):
    """A Transformer block in whose dropout all tasks share the mask."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.words = nn.Embedding(7, 8)
        self.block = nn.TransformerEncoderLayer(8, 2, 16, dropout=dropout, batch_first=True)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        return self.block(self.words(words)).mean(1)


class Odd(nn.Module):
    """Operations of no layer's making."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Parameter(torch.randn(4, 6)), nn.Parameter(torch.randn(6))
        self.c = nn.Parameter(torch.randn(6, 6))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = torch.einsum("ni,io->no", x, self.a).sin() * self.b.exp()
        return hidden @ (self.c + self.c.T) + 2 * torch.addmm(self.b, hidden, self.c, alpha=0.5)


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 9), nn.ReLU(), nn.Linear(9, 3, bias=False), nn.Tanh())


def wide() -> nn.Module:
    return nn.Sequential(nn.Linear(40, 30), nn.Tanh(), nn.Linear(30, 20), nn.ReLU())


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(2, 3, 3),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(27, 5),
    )


def normalised() -> nn.Module:
    return nn.Sequential(
        nn.Linear(4, 6),
        nn.LayerNorm(6),
        nn.Dropout(0.5),
        nn.ReLU(),
        nn.Linear(6, 5),
        nn.BatchNorm1d(5),
    )


def numbers(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def words() -> torch.Tensor:
    return torch.randint(0, 7, (8, 5), generator=torch.Generator().manual_seed(2))


NETWORKS = {
    "mlp": lambda: Trunk(mlp, numbers(8, 4)),
    "wide": lambda: Trunk(wide, numbers(8, 40)),
    "three axes": lambda: Trunk(mlp, numbers(8, 3, 4)),
    "cnn": lambda: Trunk(cnn, numbers(8, 2, 8, 8)),
    "normalised": lambda: Trunk(normalised, numbers(8, 4)),
    "lstm": lambda: Trunk(LSTM, words()),
    "transformer": lambda: Trunk(Attention, words()),
    "transformer with dropout": lambda: Trunk(lambda: Attention(0.3), words()),
    "tied": lambda: Trunk(Tied, numbers(8, 4)),
    "odd": lambda: Trunk(Odd, numbers(8, 4)),
}
