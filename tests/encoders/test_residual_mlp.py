"""The residual network beside its authors' package."""

import torch
from torch import nn

from polytask.encoders import ResidualMLP


def test_values_of_the_authors_package():
    """Of rtdl_revisiting_models 0.0.2: ResNet(d_in=3, n_blocks=2, d_block=4,
    d_hidden_multiplier=1.5, d_out=1) with the same weights and running statistics, before the
    head's linear layer.
    """
    encoder = ResidualMLP(width=4, depth=2, hidden_factor=1.5, normalization="batch")
    network = nn.Sequential(*encoder.stages((3,))).eval()
    with torch.no_grad():
        for k, parameter in enumerate(network.parameters()):
            wave = torch.sin(2.1 * torch.arange(float(parameter.numel())) + k)
            parameter.copy_(wave.view(parameter.shape))
        for k, (name, buffer) in enumerate(network.named_buffers()):
            if buffer.is_floating_point():
                square = torch.cos(torch.arange(float(buffer.numel())) + k) ** 2
                buffer.copy_(square + 0.5 if name.endswith("var") else square)
    wanted = [
        [0.7612054, 0.0, 2.2423625, 1.0511657],
        [0.0059203, 0.0, 2.6973536, 0.2296070],
        [0.6553598, 0.0, 2.3089039, 0.9290512],
    ]
    rows = torch.cos(torch.arange(9.0)).view(3, 3)
    torch.testing.assert_close(network(rows), torch.tensor(wanted), rtol=1e-5, atol=1e-6)
