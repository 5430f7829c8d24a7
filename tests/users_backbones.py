"""Backbones in the manner of timm at the top of a module, so that models with them can be saved."""

import torch
from torch import nn


class Backbone(nn.Module):
    """Convolutions, and a classifier unless there are no classes."""

    def __init__(self, in_chans: int = 3, num_classes: int = 1000) -> None:
        super().__init__()
        self.num_features = 6
        self.stem = nn.Conv2d(in_chans, 4, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.last = nn.Conv2d(4, self.num_features, 3, padding=1)
        self.fc = nn.Linear(self.num_features, num_classes) if num_classes else nn.Identity()

    def forward_features(self, images: torch.Tensor) -> torch.Tensor:
        return self.last(self.norm(self.stem(images)).relu()).relu()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.fc(self.forward_features(images).mean(dim=(2, 3)))


class Maps(nn.Module):
    """What a backbone gives before its pooling."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.backbone.forward_features(images)


def backbone(shape: tuple[int, ...]) -> nn.Module:
    """Vectors of images; ``timm.create_model(NAME, in_chans=shape[0], num_classes=0)`` is alike."""
    return Backbone(in_chans=shape[0], num_classes=0)


def maps(shape: tuple[int, ...]) -> nn.Module:
    """Maps of images."""
    return Maps(backbone(shape))
