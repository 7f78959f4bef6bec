"""What tries to get out of the sandbox fails, and the run goes on."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from flyball.tools.sandbox import Bare, Job, Limits, open_sandbox, run_job
from tests.tools.sandbox.escapes import ATTEMPTS, BOMBS, WITHOUT_HARM

SMALL = Limits(
    memory_bytes=200 << 20,
    processes=40,
    file_bytes=20 << 20,
    disk_bytes=40 << 20,
    temporary_bytes=10 << 20,
    wall_seconds=30,
    output_bytes=4 << 20,
)
PATHS = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


@pytest.fixture(scope="module")
def targets(tmp_path_factory):
    """Secrets, sockets and a process of the machine, which no attempt may reach."""
    home = tmp_path_factory.mktemp("home")
    for name in ("secret", "ledger"):
        (home / name).write_text("s3cret")
    at = {"home": str(home), "secret": str(home / "secret"), "ledger": str(home / "ledger")}
    with ExitStack() as stack:
        places = {
            "tcp": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "tcp6": (socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)),
            "udp": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "abstract": (socket.AF_UNIX, socket.SOCK_STREAM, f"\0flyball-{os.getpid()}"),
            "unix": (socket.AF_UNIX, socket.SOCK_STREAM, str(home / "socket")),
        }
        for name, (family, kind, address) in places.items():
            listening = stack.enter_context(socket.socket(family, kind))
            listening.bind(address)
            if kind == socket.SOCK_STREAM:
                listening.listen()
            bound = listening.getsockname()
            at[name] = bound[1] if isinstance(bound, tuple) else at_name(bound)
            at.setdefault("listening", {})[name] = listening
        environment = {**PATHS, "TOKEN": "s3cret"}
        other = subprocess.Popen(["sleep", "600"], env=environment)
        at["pid"] = other.pid
        yield at
        assert other.poll() is None
        other.kill()
        other.wait()


def at_name(bound):
    name = bound.decode() if isinstance(bound, bytes) else bound
    return name.lstrip("\0")


@pytest.fixture
def tree(tmp_path, targets):
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "to-home").symlink_to(targets["home"])
    return folder


async def attempt(sandbox, tree, targets, script, limits=SMALL):
    at = {name: value for name, value in targets.items() if name != "listening"}
    (tree / "attempt.py").write_text(f"at = {at!r}\n{script}")
    job = Job(
        command=("python3", "attempt.py"),
        tree=tree,
        seen_at=Path("/srv/tree"),
        environment=PATHS,
        limits=limits,
    )
    return await run_job(sandbox, job)


async def goes_on(tree):
    """Run something harmless: the next command of the run."""
    job = Job(command=("echo", "still here"), tree=tree, environment=PATHS, limits=SMALL)
    ran = await run_job(open_sandbox(), job)
    assert ran.output == "still here\n"
    return ran.ok


def test_there_are_more_than_forty():
    assert len(ATTEMPTS) + len(BOMBS) >= 40


@pytest.mark.parametrize("name", ATTEMPTS)
async def test_an_attempt_fails_and_the_run_goes_on(tree, targets, name, monkeypatch):
    monkeypatch.setenv("TOKEN", "s3cret")
    file = os.open(targets["secret"], os.O_RDONLY)
    os.set_inheritable(file, True)
    ran = await attempt(open_sandbox(), tree, targets, ATTEMPTS[name])
    os.close(file)
    assert "ESCAPED" not in ran.output
    assert "SyntaxError" not in ran.output
    assert not heard(targets)
    assert [path.name for path in tree.parent.iterdir()] == ["tree"]
    assert secrets_of(targets) == {"s3cret"}
    assert await goes_on(tree)


def secrets_of(targets):
    return {Path(targets[name]).read_text() for name in ("secret", "ledger")}


def heard(targets):
    """What has come in at the machine's own sockets."""
    came = []
    for name, listening in targets["listening"].items():
        listening.settimeout(0)
        try:
            came.append(
                (name, listening.recv(99) if name == "udp" else listening.accept()[0].close())
            )
        except BlockingIOError:
            continue
    return came


@pytest.mark.parametrize("name", WITHOUT_HARM)
async def test_without_a_sandbox_the_same_attempt_succeeds(tree, targets, name):
    ran = await attempt(Bare(), tree, targets, ATTEMPTS[name])
    heard(targets)
    for secret in ("secret", "ledger"):
        (tree / "to-home" / secret).write_text("s3cret")
    assert "ESCAPED" in ran.output, ran.output


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_is_ended_and_the_run_goes_on(tree, name):
    script, why = BOMBS[name]
    limits = replace(SMALL, wall_seconds=1) if why == "time" else SMALL
    job = Job(command=("bash", "-c", script), tree=tree, environment=PATHS, limits=limits)
    ran = await run_job(open_sandbox(), job)
    assert not ran.ok
    assert ran.why == why
    grown = sum(path.lstat().st_size for path in tree.iterdir())
    assert grown <= 4 * SMALL.disk_bytes
    assert await goes_on(tree)


async def test_daemons_end_with_their_command(tree):
    mark = f"3600.{os.getpid()}"
    script = f"setsid nohup sleep {mark} >/dev/null 2>&1 & (sleep {mark} &) & disown -a; echo left"
    job = Job(command=("bash", "-c", script), tree=tree, environment=PATHS, limits=SMALL)
    ran = await run_job(open_sandbox(), job)
    assert (ran.code, ran.output) == (0, "left\n")
    assert not sleeping(mark)


async def test_a_run_that_is_broken_off_leaves_nothing_behind(tree):
    mark = f"3601.{os.getpid()}"
    job = Job(command=("sleep", mark), tree=tree, environment=PATHS)
    running = asyncio.create_task(run_job(open_sandbox(), job))
    await until(lambda: sleeping(mark))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not sleeping(mark)


async def test_a_killed_flyball_leaves_nothing_behind(tree):
    mark = f"3602.{os.getpid()}"
    code = (
        "import asyncio, sys; from pathlib import Path\n"
        "from flyball.tools.sandbox import Job, open_sandbox, run_job\n"
        f"job = Job(command=('sleep', '{mark}'), tree=Path(sys.argv[1]), environment={PATHS})\n"
        "asyncio.run(run_job(open_sandbox(), job))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(tree))
    await until(lambda: sleeping(mark))
    process.kill()
    await process.wait()
    await until(lambda: not sleeping(mark))


async def until(so):
    for _ in range(1000):
        if so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about")


def sleeping(mark):
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == "sleep" and mark in process.cmdline():
                found.append(process.pid)
        except psutil.NoSuchProcess:
            continue
    return found


async def test_with_the_network_the_machines_own_sockets_stay_out_of_reach(tree, targets):
    """Only what the user allows is opened: abstract names are kept apart by the filter then."""
    at = {name: value for name, value in targets.items() if name != "listening"}
    for name, reached in (("TCP on loopback", True), ("an abstract unix socket", False)):
        script = ATTEMPTS[f"reaches: {name}"]
        (tree / "attempt.py").write_text(f"at = {json.loads(json.dumps(at))!r}\n{script}")
        job = Job(
            command=("python3", "attempt.py"),
            tree=tree,
            environment=PATHS,
            allow_net=True,
            limits=SMALL,
        )
        ran = await run_job(open_sandbox(), job)
        assert ("ESCAPED" in ran.output) is reached, ran.output
    heard(targets)
