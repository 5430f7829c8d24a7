"""FT-Transformer beside plain loops and the values of its authors' package."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from polytask.architectures import HardSharing, Separate, SingleTask
from polytask.data import MultiTaskDataset, Part, encode, fit_schemas
from polytask.encoders import FTTransformer
from polytask.encoders._column_tokens import ColumnTokens
from polytask.exceptions import ParameterError
from polytask.training import score, to_tensors

NUMBERS, CODES = Part("numeric", "numeric", (2,)), Part("codes", "categorical", (2,), (3, 2))
ROWS = {
    "numeric": torch.cos(torch.arange(6.0)).view(3, 2),
    "codes": torch.tensor([[0, 1], [2, 0], [1, 1]], dtype=torch.int32),
}


class Network(nn.Module):
    """An entry and stages, whose k-th tensor is sin(k), sin(k + 2.1), sin(k + 4.2), …."""

    def __init__(self, encoder, parts):
        super().__init__()
        self.entry = encoder.entry(parts)
        length = 1 + sum(part.shape[0] for part in parts)
        self.stages = nn.Sequential(*encoder.stages((length, encoder.width)))
        with torch.no_grad():
            for k, parameter in enumerate(self.parameters()):
                wave = torch.sin(2.1 * torch.arange(float(parameter.numel())) + k)
                parameter.copy_(wave.view(parameter.shape))
        self.eval()

    def forward(self, rows):
        return self.stages(self.entry(rows).values)


def linear(layer, vector):
    weight, bias = layer.weight.tolist(), layer.bias.tolist()
    return [
        sum(w * v for w, v in zip(row, vector, strict=True)) + b
        for row, b in zip(weight, bias, strict=True)
    ]


def normed(layer, vector):
    if not isinstance(layer, nn.LayerNorm):
        return vector
    mean = sum(vector) / len(vector)
    deviation = math.sqrt(sum((v - mean) ** 2 for v in vector) / len(vector) + layer.eps)
    scale, shift = layer.weight.tolist(), layer.bias.tolist()
    return [(v - mean) / deviation * s + b for v, s, b in zip(vector, scale, shift, strict=True)]


def added(left, right):
    return [x + y for x, y in zip(left, right, strict=True)]


def attended(attention, tokens, n_heads):
    """What every token reads from all."""
    queries = [linear(attention.queries, token) for token in tokens]
    both = [linear(attention.keys_values, token) for token in tokens]
    size = len(tokens[0]) // n_heads
    results = []
    for query in queries:
        joined = []
        for head in range(n_heads):
            own = range(head * size, (head + 1) * size)
            powers = [
                math.exp(sum(query[i] * key[i] for i in own) / math.sqrt(size)) for key in both
            ]
            shares = [power / sum(powers) for power in powers]
            width = len(query)
            joined += [
                sum(s * value[width + i] for s, value in zip(shares, both, strict=True))
                for i in own
            ]
        results.append(linear(attention.out, joined))
    return results


def features(network, row, n_heads):
    """Of one row, whose tokens are given."""
    tokens = row
    *blocks, (norm, _) = network.stages
    for block in blocks:
        read = [normed(block.norm, token) for token in tokens]
        tokens = list(map(added, tokens, attended(block.attention, read, n_heads)))
        ffn = block.feed_forward
        hidden = [linear(ffn[1], normed(ffn[0], token)) for token in tokens]
        half = len(hidden[0]) // 2
        gated = [[v * max(g, 0.0) for v, g in zip(h[:half], h[half:], strict=True)] for h in hidden]
        tokens = [added(t, linear(ffn[4], g)) for t, g in zip(tokens, gated, strict=True)]
    return [max(value, 0.0) for value in normed(norm, tokens[0])]


@pytest.mark.parametrize("n_heads", [1, 2])
@pytest.mark.parametrize("depth", [1, 3])
def test_by_hand(depth, n_heads):
    encoder = FTTransformer(width=4, depth=depth, n_heads=n_heads)
    network = Network(encoder, [NUMBERS, CODES])
    numbers, codes = network.entry.tokens
    maps, shifts = numbers.maps.tolist(), numbers.shifts.tolist()
    table, biases = codes.table.weight.tolist(), codes.shifts.tolist()
    for row, got in enumerate(network(ROWS).tolist()):
        x, c = ROWS["numeric"][row].tolist(), ROWS["codes"][row].tolist()
        tokens = [
            network.entry.row[0].tolist(),
            *([x[j] * w + b for w, b in zip(maps[j][0], shifts[j], strict=True)] for j in range(2)),
            added(table[c[0]], biases[0]),
            added(table[3 + c[1]], biases[1]),
        ]
        assert got == pytest.approx(features(network, tokens, n_heads), abs=1e-4)


def test_values_of_the_authors_package():
    """Of rtdl_revisiting_models 0.0.2: FTTransformer(n_cont_features=2, cat_cardinalities=[3, 2],
    n_blocks=2, d_block=4, attention_n_heads=2, ffn_d_hidden_multiplier=1.5, d_out=1) with the
    weights of `Network`, whose keys and values are one layer, before the head's linear layer.
    """
    network = Network(FTTransformer(4, depth=2, n_heads=2, ffn_factor=1.5), [NUMBERS, CODES])
    wanted = [
        [0.4740071, 1.4784050, 0.0, 0.4059914],
        [0.1675649, 0.0, 0.0, 0.1606788],
        [0.8015060, 2.1181830, 0.0, 0.6502626],
    ]
    torch.testing.assert_close(network(ROWS), torch.tensor(wanted), rtol=1e-5, atol=1e-6)


def test_a_column_with_an_embedding_has_a_linear_layer_of_its_own():
    class Powers(nn.Module):
        width = 2

        def forward(self, numbers):
            return torch.stack([numbers, numbers**2], dim=-1)

    entry = ColumnTokens([NUMBERS], 4)
    entry.tokens[0].embedding, entry.tokens[0].maps = Powers(), nn.Parameter(torch.randn(2, 2, 4))
    tokens = entry(ROWS).values
    for j, (maps, shift) in enumerate(
        zip(entry.tokens[0].maps, entry.tokens[0].shifts, strict=True)
    ):
        x = ROWS["numeric"][:, j : j + 1]
        torch.testing.assert_close(tokens[:, 1 + j], x * maps[0] + x**2 * maps[1] + shift)


def test_tensors_are_one_token_each():
    parts = [Part("tensor:a.b", "image", (1, 4, 4)), Part("tensor:c", "tensor", (7,))]
    entry = ColumnTokens(parts, 6)
    rows = {part.name: torch.randn(3, *part.shape) for part in parts}
    assert entry(rows).values.shape == (3, 3, 6)
    assert entry({name: array[:0] for name, array in rows.items()}).values.shape == (0, 3, 6)


def test_columns_may_be_permuted():
    """The row's token reads all others alike."""
    stages = nn.Sequential(*FTTransformer(8, n_heads=2).stages((5, 8))).eval()
    tokens = torch.randn(3, 5, 8)
    torch.testing.assert_close(stages(tokens[:, [0, 3, 1, 4, 2]]), stages(tokens))


def test_heads_divide_the_width():
    sentence = r"`n_heads` parameter of FTTransformer must divide `width`, 192. Got 7 instead"
    with pytest.raises(ParameterError, match=sentence):
        FTTransformer(n_heads=7)


def test_joined_features_are_no_tokens():
    with pytest.raises(
        ParameterError, match=r"must let FTTransformer start from tokens .*Got rows of shape \(5,\)"
    ):
        FTTransformer().stages((5,))


@pytest.mark.parametrize("recipe", [HardSharing, SingleTask, lambda e: Separate(HardSharing(e))])
def test_few_rows_are_scored_at_once(recipe):
    """A token per column takes much memory."""
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(600, 3))
    data = MultiTaskDataset.from_arrays(inputs, inputs[:, :2], ["a:regression", "b:regression"])
    schemas = fit_schemas(data)
    network = recipe(FTTransformer(8, depth=1, n_heads=2)).build(schemas, data.tasks, 0)
    rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    scores, whole = score(network, rows), score(network, rows, 600)
    assert network.rows_at_once == 256
    for key, values in scores.items():
        torch.testing.assert_close(values, whole[key])
