"""Processes that train together end with the same weights."""

import os
import socket
from pathlib import Path

import pytest
import torch
from torch import multiprocessing

from training import together
from training.muon import orthogonalise


def test_one_process_is_left_as_it_is():
    gradient = torch.ones(2)
    together.average([gradient])
    assert torch.equal(gradient, torch.ones(2))
    assert (together.count(), together.place()) == (1, 0)
    assert together.agreed({"a": 0.5}) == {"a": 0.5}
    assert [list(dealt) for dealt in together.shares([1, 2])] == [[1], [2]]
    stack = torch.randn(3, 4, 5)
    assert torch.equal(together.divided(torch.neg, stack), -stack)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def work(place: int, port: int, folder: Path) -> None:
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.environ.update(address, WORLD_SIZE="2", RANK=str(place))
    torch.set_num_threads(1)
    together.join("cpu")
    gradients = [torch.full((2, 2), float(place)), torch.full((3,), 10.0 * place)]
    together.average(gradients)
    torch.manual_seed(0)
    stack = torch.randn(3, 4, 5)
    found = {
        "gradients": gradients,
        "errors": together.agreed({"a": float(place), f"only-{place}": 1.0}),
        "dealt": [dealt[place] for dealt in together.shares(["a", "b", "c", "d", "e"])],
        "divided": torch.equal(together.divided(orthogonalise, stack), orthogonalise(stack)),
    }
    torch.save(found, folder / f"{place}.pt")
    torch.distributed.destroy_process_group()


@pytest.mark.timeout(120)
def test_two_processes_average_what_they_found_and_share_the_work(tmp_path):
    multiprocessing.spawn(work, args=(free_port(), tmp_path), nprocs=2)
    first, second = (torch.load(tmp_path / f"{place}.pt") for place in (0, 1))
    for found in (first, second):
        assert torch.equal(found["gradients"][0], torch.full((2, 2), 0.5))
        assert torch.equal(found["gradients"][1], torch.full((3,), 5.0))
        assert found["errors"] == {"a": 0.5, "only-0": 1.0, "only-1": 1.0}
        assert found["divided"]
    assert (first["dealt"], second["dealt"]) == (["a", "c"], ["b", "d"])
