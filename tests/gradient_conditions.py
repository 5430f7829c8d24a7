"""Trunks as people really build them, whose engines must agree with the explicit Jacobian."""

import torch
from gradient_networks import Trunk, numbers, words
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations
from torch.utils.checkpoint import checkpoint


def layers(*modules: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(4, 6), *modules, nn.Linear(6, 5))


class Function(nn.Module):
    """Any function of a few modules."""

    def __init__(self, function, **modules: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, module in modules.items():
            setattr(self, name, module)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(self, x)


def frozen(weight: bool, bias: bool) -> nn.Module:
    trunk = layers(nn.Tanh(), nn.Linear(6, 6), nn.Tanh())
    trunk[2].weight.requires_grad_(not weight)
    trunk[2].bias.requires_grad_(not bias)
    return trunk


def tied() -> nn.Module:
    one, other = nn.Linear(4, 4), nn.Linear(4, 4)
    other.weight = one.weight
    return nn.Sequential(one, nn.Tanh(), other)


def checkpointed() -> nn.Module:
    return Function(
        lambda self, x: self.last(checkpoint(self.first, x, use_reentrant=False)),
        first=layers(nn.Dropout(0.4), nn.Tanh()),
        last=nn.Linear(5, 4),
    )


def attention(self: nn.Module, x: torch.Tensor) -> torch.Tensor:
    found = self.words(x)
    return self.attend(found, found.flip(1), found, need_weights=self.attend.dropout == 0)[0].mean(
        1
    )


def dot_product(self: nn.Module, x: torch.Tensor) -> torch.Tensor:
    query, key, value = self.project(self.words(x)).chunk(3, dim=-1)
    return F.scaled_dot_product_attention(query, key, value, is_causal=True)[:, -1]


def views(self: nn.Module, x: torch.Tensor) -> torch.Tensor:
    first = self.first(x)
    wide = first.unsqueeze(1).expand(-1, 3, -1)[..., ::2].transpose(0, 1)
    turned = torch.view_as_real(torch.fft.rfft(self.second(wide), dim=-1))
    return turned.transpose(0, 1).flatten(1) + first.repeat_interleave(3, dim=1)[:, 1::2][:, :1]


def compiled() -> nn.Module:
    return torch.compile(layers(nn.ReLU()), backend="aot_eager")


CONDITIONS = {
    "batch norm": lambda: Trunk(lambda: layers(nn.BatchNorm1d(6), nn.ReLU()), numbers(8, 4)),
    "dropout": lambda: Trunk(lambda: layers(nn.Dropout(0.5)), numbers(8, 4)),
    "tied": lambda: Trunk(tied, numbers(8, 4)),
    "frozen layer": lambda: Trunk(lambda: frozen(True, True), numbers(8, 4)),
    "frozen weight": lambda: Trunk(lambda: frozen(True, False), numbers(8, 4)),
    "frozen bias": lambda: Trunk(lambda: frozen(False, True), numbers(8, 4)),
    "in place": lambda: Trunk(lambda: layers(nn.ReLU(inplace=True)), numbers(8, 4)),
    "checkpoint": lambda: Trunk(checkpointed, numbers(8, 4)),
    "compiled": lambda: Trunk(compiled, numbers(8, 4)),
    "weight norm": lambda: Trunk(
        lambda: nn.Sequential(parametrizations.weight_norm(nn.Linear(4, 6)), nn.Tanh()),
        numbers(8, 4),
    ),
    "spectral norm": lambda: Trunk(
        lambda: nn.Sequential(parametrizations.spectral_norm(nn.Linear(4, 6)), nn.Tanh()),
        numbers(8, 4),
    ),
    "attention": lambda: Trunk(
        lambda: Function(
            attention,
            words=nn.Embedding(7, 8),
            attend=nn.MultiheadAttention(8, 2, batch_first=True),
        ),
        words(),
    ),
    "attention with dropout": lambda: Trunk(
        lambda: Function(
            attention,
            words=nn.Embedding(7, 8),
            attend=nn.MultiheadAttention(8, 2, dropout=0.3, batch_first=True),
        ),
        words(),
    ),
    "dot product": lambda: Trunk(
        lambda: Function(dot_product, words=nn.Embedding(7, 8), project=nn.Linear(8, 12)), words()
    ),
    "gru": lambda: Trunk(
        lambda: Function(
            lambda self, x: self.recurrent(self.words(x))[0][:, -1],
            words=nn.Embedding(7, 5),
            recurrent=nn.GRU(5, 6, batch_first=True, bidirectional=True),
        ),
        words(),
    ),
    "sparse embedding": lambda: Trunk(
        lambda: nn.Sequential(nn.Embedding(7, 5, sparse=True), nn.Flatten(), nn.Linear(25, 4)),
        words(),
    ),
    "embedding bag": lambda: Trunk(
        lambda: nn.Sequential(nn.EmbeddingBag(7, 5, mode="mean"), nn.Linear(5, 4)), words()
    ),
    "views": lambda: Trunk(
        lambda: Function(views, first=nn.Linear(4, 6), second=nn.Linear(3, 5)), numbers(8, 4)
    ),
}
