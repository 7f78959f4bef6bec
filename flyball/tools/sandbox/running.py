"""Runs a job in a sandbox, to its end or to the first limit that it goes over."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections import deque
from contextlib import suppress
from dataclasses import replace
from time import perf_counter

from flyball.errors import ToolError
from flyball.tools.sandbox.fences import fenced
from flyball.tools.sandbox.jobs import Job, Launch, Limits, Ran, Sandbox, Why
from flyball.tools.sandbox.watching import Watch

CHUNK_BYTES = 65_536
LOOK_SECONDS = 0.02
LOWER = 5
"""How much more patient than flyball a job is, so that it can still be ended."""


async def run_job(sandbox: Sandbox, job: Job) -> Ran:
    """Run `job`, and end all of its processes with it. Raises `ToolError` if it cannot begin."""
    launch, began = sandbox.launch(job), perf_counter()
    with fenced(launch.argv, job.limits.processes) as argv:
        return await _run(replace(launch, argv=argv), job, began)


async def _run(launch: Launch, job: Job, began: float) -> Ran:
    process = await _started(launch, job)
    heard, why = _Heard(job.limits), _Why()
    try:
        with suppress(ProcessLookupError, PermissionError):
            os.setpriority(os.PRIO_PROCESS, process.pid, LOWER)
        feeding = asyncio.create_task(_feed(process, job.given))
        watching = asyncio.create_task(_watched(process, job, heard, why))
        await heard.listen(process)
        await process.wait()
        watching.cancel()
        await asyncio.gather(feeding, watching, return_exceptions=True)
    finally:
        await _end(process, launch)
    code = process.returncode
    return Ran(
        code=-1 if code is None else code,
        output=heard.text(),
        cut_bytes=heard.cut_bytes,
        seconds=perf_counter() - began,
        why=why.told,
    )


async def _started(launch: Launch, job: Job) -> Process:
    try:
        return await asyncio.create_subprocess_exec(
            *launch.argv,
            stdin=PIPE if job.given else DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            env=dict(job.environment),
            cwd=job.tree,
            pass_fds=launch.descriptors,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise ToolError(f"the sandbox does not start: {error}") from error
    finally:
        for descriptor in launch.descriptors:
            os.close(descriptor)


class _Why:
    """Which limit ended the job."""

    told: Why = ""


class _Heard:
    """The head and the tail of what a job prints; the middle is only counted."""

    def __init__(self, limits: Limits) -> None:
        self._half = limits.kept_bytes // 2
        self._head = bytearray()
        self._tail = deque[bytes]()
        self._tail_bytes = 0
        self.heard_bytes = 0
        self.cut_bytes = 0

    async def listen(self, process: Process) -> None:
        assert process.stdout is not None
        while chunk := await process.stdout.read(CHUNK_BYTES):
            self._add(chunk)

    def _add(self, chunk: bytes) -> None:
        self.heard_bytes += len(chunk)
        room = self._half - len(self._head)
        self._head += chunk[:room]
        if rest := chunk[room:]:
            self._tail.append(rest)
            self._tail_bytes += len(rest)
        while self._tail and self._tail_bytes - len(self._tail[0]) >= self._half:
            gone = len(self._tail.popleft())
            self._tail_bytes -= gone
            self.cut_bytes += gone

    def text(self) -> str:
        head, tail = bytes(self._head), b"".join(self._tail)
        cut = max(0, len(tail) - self._half)
        self.cut_bytes += cut
        self._tail = deque([tail[cut:]])
        if not self.cut_bytes:
            return (head + tail).decode(errors="replace")
        told = f"\n[{self.cut_bytes} bytes cut here]\n"
        return head.decode(errors="replace") + told + tail[cut:].decode(errors="replace")


async def _feed(process: Process, given: bytes) -> None:
    if process.stdin is None:
        return
    with suppress(ConnectionError):
        process.stdin.write(given)
        await process.stdin.drain()
    process.stdin.close()


async def _watched(process: Process, job: Job, heard: _Heard, why: _Why) -> None:
    """End the job at the first limit that it goes over."""
    watch = Watch(root=process.pid, tree=job.tree, limits=job.limits)
    began = perf_counter()
    while not why.told:
        await asyncio.sleep(LOOK_SECONDS)
        if perf_counter() - began > job.limits.wall_seconds:
            why.told = "time"
        elif heard.heard_bytes > job.limits.output_bytes:
            why.told = "output"
        else:
            why.told = watch.over()
    _kill(process)


def _kill(process: Process) -> None:
    """Kill the sandbox; with its first process the kernel ends all of a namespace."""
    for kill in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):
            kill(process.pid, signal.SIGKILL)


async def _end(process: Process, launch: Launch) -> None:
    _kill(process)
    if launch.stop:
        stopping = await asyncio.create_subprocess_exec(
            *launch.stop, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
        )
        await stopping.wait()
    await process.wait()
