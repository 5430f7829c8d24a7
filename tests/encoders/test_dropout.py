"""Dropout with cheap masks."""

import pytest
import torch
from torch.func import vmap

from polytask.data import Part
from polytask.encoders import PackedMLP, TabM
from polytask.encoders._dropout import ColumnDropout, Dropout, RectifiedDropout


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.99])
def test_as_many_values_are_dropped_as_stated_and_the_mean_stays(p):
    torch.manual_seed(0)
    values = Dropout(p)(torch.ones(500, 401))
    dropped = float((values == 0).float().mean())
    assert dropped == pytest.approx(p, abs=4 * (p * (1 - p) / values.numel()) ** 0.5 + 1e-5)
    kept = values[values != 0]
    torch.testing.assert_close(kept, torch.full_like(kept, 1 / (1 - p)), rtol=1e-3, atol=0.0)


def test_neighbours_are_dropped_independently():
    torch.manual_seed(0)
    zero = (Dropout(0.5)(torch.ones(400, 400)) == 0).float()
    for lag in (1, 2, 3, 4, 5, 8):
        left, right = zero.flatten()[lag:], zero.flatten()[:-lag]
        correlation = float(torch.corrcoef(torch.stack([left, right]))[0, 1])
        assert abs(correlation) < 0.012, lag


def test_gradients_are_those_of_the_mask():
    torch.manual_seed(0)
    rows = torch.randn(30, 7, requires_grad=True)
    values = Dropout(0.3)(rows)
    values.sum().backward()
    torch.testing.assert_close(rows.grad * rows.detach(), values.detach())


def test_evaluation_changes_nothing():
    rows = torch.randn(3, 5)
    assert Dropout(0.5).eval()(rows) is rows


@pytest.mark.parametrize("shape", [(0, 4), (1, 1), (3, 5, 7)])
@pytest.mark.parametrize("kind", [Dropout, RectifiedDropout])
def test_any_shape_and_precision(kind, shape):
    values = kind(0.5)(torch.ones(shape, dtype=torch.bfloat16))
    assert values.shape == shape
    assert values.dtype == torch.bfloat16


def test_copies_have_masks_of_their_own():
    torch.manual_seed(0)
    values = vmap(Dropout(0.5), randomness="different")(torch.ones(2, 50, 8))
    assert not torch.equal(values[0], values[1])


def test_relu_and_dropout_in_one_pass_are_both_after_one_another():
    rows = torch.randn(40, 30, requires_grad=True)
    torch.manual_seed(0)
    together = RectifiedDropout(0.3)(rows)
    (gradient,) = torch.autograd.grad(together.square().sum(), rows)
    torch.manual_seed(0)
    apart = Dropout(0.3)(rows.relu())
    (expected,) = torch.autograd.grad(apart.square().sum(), rows)
    torch.testing.assert_close(together, apart)
    torch.testing.assert_close(gradient, expected)


def test_nearly_all_dropped_stays_finite():
    assert Dropout(0.9999999)(torch.ones(1000)).isfinite().all()


def test_errors_of_the_generator_are_raised(monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(torch.Tensor, "item", broken)
    with pytest.raises(RuntimeError, match="out of memory"):
        Dropout(0.5)(torch.ones(8))


def test_a_hidden_column_is_hidden_whole_and_the_mean_stays():
    torch.manual_seed(0)
    channels = (3, 1, 4)
    values = ColumnDropout(0.3, channels)(torch.ones(4000, 8)).split(channels, dim=1)
    assert all(bool((column == column[:, :1]).all()) for column in values)
    first = torch.cat([column[:, :1] for column in values], dim=1)
    torch.testing.assert_close(first.mean(0), torch.ones(3), atol=0.05, rtol=0.0)
    assert (first == 0).all(1).float().mean() == pytest.approx(0.3**3, abs=0.01)


@pytest.mark.parametrize("encoder", [TabM, PackedMLP])
def test_members_see_the_same_columns_of_a_row(encoder):
    torch.manual_seed(0)
    recipe = encoder(members=3, numbers="standardized", column_dropout=0.5)
    entry = recipe.entry([Part("numeric", "numeric", (40,))])
    rows = entry({"numeric": torch.ones(20, 40)}).values.view(20, 3, 40)
    hidden = rows == 0
    assert torch.equal(hidden[:, 0], hidden[:, 1])
    assert 0.4 < hidden.float().mean() < 0.6
    assert not (entry.eval()({"numeric": torch.ones(20, 40)}).values == 0).any()
