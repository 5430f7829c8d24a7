"""What each of two processes does with its half of a batch."""

import gc

import torch
from gradient_networks import Trunk, mlp, numbers
from torch import distributed

from polytask.aggregation import MGDA, GradDrop, PCGrad, SDMGrad
from polytask.gradients import backward

PRESENT = torch.tensor([True, False, True])


def aggregators():
    return [MGDA(), PCGrad(), GradDrop(leak=0.5), SDMGrad(amortised=True)]


def losses_of(network, rows):
    """Task 2 is labelled in the first half only, task 1 nowhere."""
    features = network.trunk(network.inputs[rows])
    errors = [
        (head(features) - network.targets[rows, k]).square().mean(1)
        for k, head in enumerate(network.heads)
    ]
    labelled = torch.stack([rows >= 0, rows < 0, rows < 4])
    return (torch.stack(errors) * labelled).sum(1) / len(rows)


def gradients_of(aggregator, rows, **options):
    network = Trunk(mlp, numbers(8, 4))
    aggregator.start(3, generator=torch.Generator().manual_seed(0))
    found = []
    for _ in range(2):  # the second step shows what the first one taught
        network.zero_grad()
        losses = losses_of(network, rows)
        present = PRESENT & torch.tensor([True, False, bool((rows < 4).any())])
        if options:
            options["task_parameters"] = network.heads.parameters()
        backward(losses, network.shared(), aggregator, present=present, **options)
        found.append(torch.cat([p.grad.flatten() for p in network.trunk.parameters()]))
        found += [network.heads[2].weight.grad.flatten()]
    return torch.cat(found)


def work(rank, path):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{path}", rank=rank, world_size=2)
    group = distributed.group.WORLD
    half = torch.arange(4) + 4 * rank
    for aggregator in aggregators():
        got = gradients_of(aggregator, half, group=group)
        fresh = next(a for a in aggregators() if type(a) is type(aggregator))
        wanted = gradients_of(fresh, torch.arange(8))
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-6)
    gc.collect()
    distributed.barrier()
    distributed.destroy_process_group()
