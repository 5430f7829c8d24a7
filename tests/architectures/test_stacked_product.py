"""Products of stacked matrices, and gradients of them."""

import pytest
import torch
from torch.func import functional_call, grad, jvp, vmap

from polytask.architectures import PLE, MMoE
from polytask.architectures._stacked_product import stacked_product
from polytask.data import encode, fit_schemas
from polytask.encoders import MLP
from polytask.testing import tiny_dataset
from polytask.training import to_tensors

ignore_torch_jit = pytest.mark.filterwarnings(  # which torch loads for forward mode
    "ignore:.torch.jit.script. is deprecated:DeprecationWarning"
)


def stacks(dtype=torch.float64, *, common=False):
    generator = torch.Generator().manual_seed(0)
    shapes = (5, 4) if common else (3, 5, 4), (3, 2, 4)
    return [torch.randn(s, generator=generator, dtype=dtype, requires_grad=True) for s in shapes]


@pytest.mark.parametrize("common", [False, True])
def test_it_is_a_batched_product_with_its_gradients(common):
    rows, others = stacks(common=common)
    torch.testing.assert_close(stacked_product(rows, others), rows @ others.mT)
    assert torch.autograd.gradcheck(stacked_product, (rows, others))
    assert torch.autograd.gradgradcheck(stacked_product, (rows, others))


@ignore_torch_jit
@pytest.mark.parametrize("common", [False, True])
def test_forward_mode(common):
    rows, others = stacks(common=common)
    assert torch.autograd.gradcheck(stacked_product, (rows, others), check_forward_ad=True)
    fixed = rows.detach()
    assert torch.autograd.gradcheck(
        lambda changed: stacked_product(fixed, changed), others, check_forward_ad=True
    )


@ignore_torch_jit
@pytest.mark.parametrize("recipe", [MMoE, PLE])
def test_forward_mode_through_networks_is_the_sum_of_their_gradients(recipe):
    data = tiny_dataset(["regression"] * 2)
    schemas = fit_schemas(data)
    network = recipe(MLP((4, 4))).build(schemas, data.tasks, 0)
    batch = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    start = {name: parameter.detach() for name, parameter in network.named_parameters()}
    slopes = {name: torch.sin(1 + tensor) for name, tensor in start.items()}

    def total(parameters):
        raw = functional_call(network, parameters, (batch,))
        return sum(scores.square().sum() for scores in raw.values())

    _, change = jvp(total, (start,), (slopes,))
    gradients = grad(total)(start)
    wanted = sum((gradients[name] * slope).sum() for name, slope in slopes.items())
    torch.testing.assert_close(change, wanted)


def test_gradients_of_parameters_are_not_copied():
    rows, others = stacks()
    stacked_product(rows.detach(), others).square().sum().backward()
    assert others.grad.is_contiguous()
    assert rows.grad is None


@pytest.mark.parametrize("common", [False, True])
def test_many_gradients_at_once(common):
    pair = stacks(common=common)
    product = stacked_product(*pair)
    slopes = torch.randn(4, *product.shape, dtype=torch.float64)
    together = torch.autograd.grad(product, pair, slopes, is_grads_batched=True, retain_graph=True)
    for row, slope in enumerate(slopes):
        alone = torch.autograd.grad(product, pair, slope, retain_graph=True)
        torch.testing.assert_close([stack[row] for stack in together], list(alone))


def test_batches_of_stacks():
    rows, others = (torch.stack([stack.detach(), -2 * stack.detach()]) for stack in stacks())
    torch.testing.assert_close(vmap(stacked_product)(rows, others), rows @ others.mT)


def test_gradients_in_mixed_precision():
    rows, others = stacks(torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        product = stacked_product(rows, others)
    product.float().square().sum().backward()
    wanted = torch.autograd.grad((rows @ others.mT).square().sum(), [rows, others])
    assert product.dtype == torch.bfloat16
    for stack, gradient in zip((rows, others), wanted, strict=True):
        assert stack.grad.dtype == torch.float32
        torch.testing.assert_close(stack.grad, gradient, rtol=0.1, atol=0.1)


@pytest.mark.parametrize("shape", [(0, 4), (3, 0, 4)])
def test_batches_without_rows(shape):
    rows, others = torch.zeros(shape, requires_grad=True), torch.ones(3, 2, 4, requires_grad=True)
    stacked_product(rows, others).sum().backward()
    assert rows.grad.shape == rows.shape
    assert torch.equal(others.grad, torch.zeros(3, 2, 4))
