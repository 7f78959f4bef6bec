"""What `make monitors` asks for, with stand-ins for the programs that it calls."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STAND_IN = '#!/bin/sh\necho "$@" >> calls\ncase "$*" in *"$FAILING"*) exit 3;; esac\n'


def make_monitors(folder, *policies, failing="nothing"):
    """Run it where only `policies` are shipped; gives its result, and what it called."""
    shutil.copy(ROOT / "Makefile", folder)
    bundled, programs = folder / "flyball/models/bundled", folder / ".venv/bin"
    for directory in (bundled, programs):
        directory.mkdir(parents=True)
    for made in ("pyproject.toml", ".venv/demo.stamp", ".venv/dev.stamp"):
        (folder / made).touch()
    for policy in policies:
        (bundled / f"{policy}.gguf").touch()
    for program, text in (("flyball", STAND_IN), ("python", "#!/bin/sh\n")):
        (programs / program).write_text(text)
        (programs / program).chmod(0o755)
    done = subprocess.run(
        ["make", "monitors"],
        cwd=folder,
        env={**os.environ, "FAILING": failing},
        capture_output=True,
        text=True,
    )
    return done, (folder / "calls").read_text().splitlines()


def collected(calls):
    return [
        (words[words.index("collect") + 1], words[words.index("--policy") + 1])
        for words in map(str.split, calls)
        if "collect" in words
    ]


def test_both_policies_collect_once_both_are_shipped(tmp_path):
    done, calls = make_monitors(tmp_path, "small", "strong")
    assert done.returncode == 0, done.stderr
    pairs = [("web", "bundled/small"), ("web", "bundled/strong")]
    others = [(suite, policy) for suite in ("office", "code") for _, policy in pairs]
    assert collected(calls) == [*pairs, *pairs, *others]
    assert all("monitors train" in call for call in calls[-4:-2])
    assert all("monitors expect" in call for call in calls[-2:])
    assert ["--agent code" in call for call in calls[-2:]] == [False, True]
    assert "not shipped" not in done.stdout


def test_a_policy_that_is_not_shipped_is_left_out_and_named(tmp_path):
    done, calls = make_monitors(tmp_path, "small")
    assert done.returncode == 0, done.stderr
    assert {policy for _, policy in collected(calls)} == {"bundled/small"}
    assert "bundled/strong is not shipped, and collects nothing: web" in done.stdout


@pytest.mark.parametrize("failing", ["collect web", "bundled/strong"])
def test_nothing_is_trained_where_a_collection_broke_off(tmp_path, failing):
    done, calls = make_monitors(tmp_path, "small", "strong", failing=failing)
    assert done.returncode != 0
    assert not any("monitors train" in call for call in calls)
