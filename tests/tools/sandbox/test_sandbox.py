"""What each sandbox is told, what is kept of the output, and that nothing is run without."""

import os
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest

from flyball.errors import ToolError
from flyball.tools.sandbox import (
    Bare,
    Bubblewrap,
    Container,
    Job,
    Limits,
    Seatbelt,
    find_bubblewrap,
    open_sandbox,
    run_job,
)
from flyball.tools.sandbox.others import profile
from flyball.tools.sandbox.seccomp import (
    ANY_BIT,
    AT_LEAST,
    EQUAL,
    MACHINES,
    REFUSED,
    RETURN,
    UNKNOWN,
    seccomp_filter,
)

PATHS = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


def bash(script, tree, **settings):
    return Job(command=("bash", "-c", script), tree=tree, environment=PATHS, **settings)


async def test_a_command_sees_its_tree_where_it_expects_it(tmp_path):
    (tmp_path / "file").write_text("here")
    job = bash("pwd; cat file; echo new > made", tmp_path, seen_at=Path("/home/me/repo"))
    ran = await run_job(open_sandbox(), job)
    assert ran.output == "/home/me/repo\nhere"
    assert (tmp_path / "made").read_text() == "new\n"


async def test_what_may_be_read_cannot_be_written(tmp_path):
    tree, other = tmp_path / "tree", tmp_path / "other"
    tree.mkdir()
    other.mkdir()
    (other / "file").write_text("lib")
    job = bash(f"cat {other}/file; echo x > {other}/file", tree, readable=(other,))
    ran = await run_job(open_sandbox(), job)
    assert ran.output.startswith("lib")
    assert "Read-only" in ran.output
    assert (other / "file").read_text() == "lib"


async def test_the_head_and_the_tail_of_much_output_are_kept(tmp_path):
    limits = Limits(kept_bytes=100)
    job = bash("echo begin; seq 100000; echo; echo the end", tmp_path, limits=limits)
    ran = await run_job(open_sandbox(), job)
    assert ran.output.startswith("begin\n1\n2\n")
    assert ran.output.endswith("the end\n")
    assert f"[{ran.cut_bytes} bytes cut here]" in ran.output
    whole = sum(len(f"{n}\n") for n in range(1, 100_001)) + len("begin\n\nthe end\n")
    assert ran.cut_bytes == whole - 100


async def test_a_command_is_given_its_input_and_nothing_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("API_KEY", "s3cret")
    job = Job(
        command=("bash", "-c", "cat; env"), tree=tmp_path, environment=PATHS, given=b"hello\n"
    )
    ran = await run_job(open_sandbox(), job)
    assert ran.output.startswith("hello\n")
    assert "s3cret" not in ran.output


async def test_a_command_that_is_not_there_says_so(tmp_path):
    job = Job(command=("no-such-program",), tree=tmp_path, environment=PATHS)
    ran = await run_job(open_sandbox(), job)
    assert not ran.ok
    assert "no-such-program" in ran.output


@pytest.mark.parametrize(
    ("missing", "remedy"), [("bwrap", "bubblewrap"), ("prlimit", "util-linux")]
)
def test_nothing_is_run_where_there_is_no_sandbox(tmp_path, monkeypatch, missing, remedy):
    for name in {"bwrap", "prlimit"} - {missing}:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=rf"nothing is run.*{remedy}.*--dangerously-no-sandbox"):
        open_sandbox()
    with pytest.raises(ToolError, match=r"there is no docker"):
        open_sandbox("docker")
    assert open_sandbox(dangerously_none=True) == Bare()


def test_a_sandbox_that_does_not_work_is_none(tmp_path, monkeypatch):
    script = "#!/bin/sh\necho 'setting up uid map: Permission denied' >&2\nexit 1\n"
    for name in ("bwrap", "prlimit"):
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(ToolError) as raised:
        open_sandbox()
    said = str(raised.value)
    assert "uid map: Permission denied" in said
    assert "allow user namespaces" in said
    assert "\n" not in said


def test_bubblewrap_is_told_to_keep_everything_apart(tmp_path):
    argv = Bubblewrap("bwrap", "prlimit").launch(Job(command=("true",), tree=tmp_path)).argv
    for word in ("--unshare-all", "--die-with-parent", "--new-session", "--seccomp"):
        assert word in argv
    assert argv[argv.index("--cap-drop") + 1] == "ALL"
    assert "--share-net" not in argv
    net = Job(command=("true",), tree=tmp_path, allow_net=True)
    assert "--share-net" in Bubblewrap("bwrap", "prlimit").launch(net).argv
    assert not any(word.startswith(("/home", "/root", "/etc/shadow", "/run")) for word in argv)


def test_seatbelt_denies_what_it_does_not_allow():
    tree, lib = Path('/Users/me/a "b"'), Path("/opt/lib")
    job = Job(command=("make", "test"), tree=tree, readable=(lib,))
    launch = Seatbelt().launch(job)
    assert launch.argv[:2] == ("/usr/bin/sandbox-exec", "-p")
    assert launch.argv[-2:] == ("make", "test")
    rules = profile(job)
    assert "(deny default)" in rules
    assert 'file-write* (subpath "/Users/me/a \\"b\\"")' in rules
    assert '(subpath "/opt/lib")' in rules
    assert "network" not in rules
    assert "network-outbound" in profile(Job(command=("x",), tree=tree, allow_net=True))


@pytest.mark.parametrize("program", ["docker", "podman"])
def test_a_container_gets_the_tree_and_the_limits(program):
    limits = Limits(memory_bytes=1 << 20, processes=7, file_bytes=512, cpu_seconds=3)
    job = Job(
        command=("pytest",),
        tree=Path("/tmp/tree"),
        seen_at=Path("/repo"),
        readable=(Path("/lib2"),),
        environment={"HOME": "/tmp"},
        limits=limits,
    )
    launch = Container(program, "python:3.12", program).launch(job)
    told = " ".join(launch.argv)
    for words in (
        *("run --rm --interactive --init", "--network none", "--cap-drop ALL", "--read-only"),
        *("--security-opt no-new-privileges", "--memory 1048576", "--pids-limit 7"),
        *("--ulimit fsize=512", "--ulimit cpu=3", "--workdir /repo", "--env HOME=/tmp"),
        "--mount type=bind,source=/tmp/tree,target=/repo",
        "--mount type=bind,source=/lib2,target=/lib2,readonly",
    ):
        assert words in told
    assert launch.argv[-2:] == ("python:3.12", "pytest")
    name = launch.argv[launch.argv.index("--name") + 1]
    assert launch.stop == (program, "kill", name)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_knows_the_numbers_of_each_machine(machine):
    calls = MACHINES[machine].calls
    assert len(set(calls.values())) == len(calls)
    older = {"mknod", "vhangup"} if machine == "aarch64" else set()
    assert set(REFUSED) | set(UNKNOWN) <= set(calls) | older
    program = seccomp_filter(allow_net=False, machine=machine)
    assert program is not None
    rules = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    jumps = [(at, rule) for at, rule in enumerate(rules) if rule[0] in (EQUAL, AT_LEAST, ANY_BIT)]
    assert all(at + 1 + far < len(rules) for at, rule in jumps for far in rule[1:3])
    assert rules[-1][0] == RETURN
    assert seccomp_filter(allow_net=True, machine=machine) != program
    assert seccomp_filter(allow_net=False, machine="abacus") is None


FORKING = """
import os, time
made = 0
try:
    while made < 200:
        if not os.fork(): time.sleep(20); os._exit(0)
        made += 1
except OSError: pass
print(os.getuid(), made)
"""


def test_who_is_not_root_has_the_same_sandbox_and_a_limit_of_the_kernels(monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 65534)
    other = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        tree.chmod(0o777)
        job = Job(command=("python3", "-c", FORKING), tree=tree, limits=Limits(processes=20))
        launch = find_bubblewrap().launch(job)
        done = subprocess.run(
            [*(other if os.geteuid() == 0 else ()), *launch.argv],
            pass_fds=launch.descriptors,
            env=PATHS,
            capture_output=True,
            text=True,
            check=True,
        )
        for descriptor in launch.descriptors:
            os.close(descriptor)
    uid, made = done.stdout.split()
    assert uid == str(65534 if os.geteuid() == 0 else os.geteuid())
    assert 10 < int(made) < 20
