"""What a person is asked about, and what passes."""

import pytest

from flyball.monitors.approvals import KINDS, Approvals, kinds_of
from flyball.records import Action, Ruling
from flyball.testing import check_monitor, trajectory

ASKED = {
    "rm -rf build": ["delete"],
    "ls && rm x": ["delete"],
    "find . -name '*.pyc' -delete": ["delete"],
    "git clean -fdx": ["delete"],
    "git reset --hard HEAD": ["delete"],
    "sudo rm x": ["delete"],
    "cat x | xargs rm": ["delete"],
    "if true; then rm x; fi": ["delete"],
    "bash -c 'rm -r x'": ["delete"],
    "FOO=1 rm x": ["delete"],
    "/bin/rm x": ["delete"],
    "echo 'a\nb'\nrm x": ["delete"],
    "pip install requests": ["install"],
    "python -m pip install .": ["install"],
    "python3 -m pip uninstall -y x": ["install"],
    "npm i left-pad": ["install"],
    "apt-get install -y curl": ["install"],
    "curl http://example.com": ["network"],
    "git push origin main": ["network"],
    "wget -q x && rm x": ["delete", "network"],
    "echo x > /etc/passwd": ["outside"],
    "echo x >> ~/.bashrc": ["outside"],
    "cp a ../b": ["outside"],
    "tee /root/x < y": ["outside"],
    "dd if=x of=/dev/sda": ["outside"],
    "mkdir $HOME/x": ["outside"],
}
PASSED = (
    *("ls -la", "cat /etc/hosts", "pytest -q", "python -m pytest", "git status", "git diff"),
    *("grep -rn 'rm -rf' .", "echo rm", "echo x > out.txt", "python x.py > /dev/null 2>&1"),
    *("cp a b", "mkdir -p build/x", "sed -i s/a/b/ x", "pip list", "npm test", "echo 'rm x'"),
    *("cp a /tmp/b", "", "echo 'not closed", "git commit -m 'curl and rm'"),
)


def run(command):
    return Action(tool="run", arguments={"command": command})


@pytest.mark.parametrize("command", ASKED)
def test_what_may_not_be_wanted_is_asked_about(command):
    assert kinds_of(run(command)) == ASKED[command]
    verdict = Approvals().judge(trajectory([run(command)]))
    assert verdict.ruling is Ruling.ASK
    assert verdict.reason.startswith("it ")


@pytest.mark.parametrize("command", PASSED)
def test_what_only_reads_or_stays_inside_passes(command):
    assert kinds_of(run(command)) == []


def test_only_the_kinds_that_are_asked_about_count():
    some = Approvals(ask=tuple(kind for kind in KINDS if kind != "delete"))
    assert some.judge(trajectory([run("rm x")])).ruling is Ruling.CONTINUE
    assert some.judge(trajectory([run("rm x; curl y")])).reason == "it goes to the network"


def test_other_tools_pass_and_the_contract_is_kept():
    edit = Action(tool="edit", arguments={"path": "rm", "old": "a", "new": "b"})
    assert kinds_of(edit) == []
    assert kinds_of(Action(tool="run")) == []
    check_monitor(Approvals(), [trajectory([run("rm x")]), trajectory([edit])])
