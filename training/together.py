"""Several processes that train one model, each on its own batches: `torchrun --nproc-per-node 2`.

One process that runs on several threads waits for the slowest of them at every product; processes
meet once a step, where they average their gradients.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import torch
from torch import Tensor, distributed

T = TypeVar("T")


def join(device: str) -> None:
    """Meet the other processes, if there are any."""
    if "WORLD_SIZE" in os.environ and not distributed.is_initialized():
        distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")


def count() -> int:
    return distributed.get_world_size() if distributed.is_initialized() else 1


def place() -> int:
    """Which of the processes this is; the first one logs and saves."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def shares(everything: Sequence[T]) -> Iterable[Sequence[T]]:
    """Deal out: one for each process at a time; what does not go round is left out."""
    size = count()
    return zip(*[iter(everything)] * size, strict=False)


def average(gradients: Sequence[Tensor]) -> None:
    """Replace the gradients by their average over the processes."""
    if count() == 1:
        return
    flat = torch.cat([each.flatten() for each in gradients])
    distributed.all_reduce(flat)
    flat /= count()
    parts = torch.split(flat, [each.numel() for each in gradients])
    for each, part in zip(gradients, parts, strict=True):
        each.copy_(part.view_as(each))


def divided(work: Callable[[Tensor], Tensor], stack: Tensor) -> Tensor:
    """Do `work` on the matrices of `stack` (count, rows, columns), each process on its share."""
    if count() == 1:
        return work(stack)
    each = -(-len(stack) // count())
    mine = stack[place() * each : (place() + 1) * each]
    done = stack.new_zeros(each, *stack.shape[1:])
    if len(mine):
        done[: len(mine)] = work(mine).to(stack.dtype)
    parts = [torch.empty_like(done) for _ in range(count())]
    distributed.all_gather(parts, done)
    return torch.cat(parts)[: len(stack)]


def agreed(shares: Mapping[str, float]) -> dict[str, float]:
    """What the processes found on average, so that all draw the same examples next."""
    if count() == 1:
        return dict(shares)
    found: list[Mapping[str, float] | None] = [None] * count()
    distributed.all_gather_object(found, dict(shares))
    known = [each for each in found if each]
    keys = sorted({key for each in known for key in each})
    return {k: sum(v := [e[k] for e in known if k in e]) / len(v) for k in keys}
