"""The screen in a real terminal: keys in, characters out."""

import os
import shlex
import signal
import subprocess
import sys
import time

import pytest

from flyball.ledger import Ledger
from flyball.tui.signals import resume_only_what_was_stopped
from tests.tui.conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.llama]
PROGRAM = f"{shlex.quote(sys.executable)} -m flyball.cli"
PATIENCE_SECONDS = 60


class Tmux:
    """A terminal of 110 by 32 with a shell in it."""

    def __init__(self, folder):
        self.socket = str(folder / "t")
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PS1": "$ ", "LC_ALL": "C.UTF-8"}
        size = ("-x", "110", "-y", "32")
        self.call("-f", "/dev/null", "new-session", "-d", *size, "sh", env=environment)

    def call(self, *words, env=None):
        done = subprocess.run(
            ["tmux", "-u", "-S", self.socket, *words], env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def type(self, text):
        self.call("send-keys", "-l", text)

    def press(self, *keys):
        self.call("send-keys", *keys)

    def next_field(self):
        """Go to the next field; what is typed at once would still go to the one before."""
        self.press("Tab")
        time.sleep(0.5)

    @property
    def screen(self):
        return self.call("capture-pane", "-p")

    @property
    def alternate(self):
        return self.call("display-message", "-p", "#{alternate_on}").strip() == "1"

    def sees(self, *words):
        end = time.monotonic() + PATIENCE_SECONDS
        while not all(word in self.screen for word in words):
            assert time.monotonic() < end, self.screen
            time.sleep(0.05)

    def until(self, holds):
        end = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < end, self.screen
            time.sleep(0.05)


@pytest.fixture
def tmux(tmp_path):
    tmux = Tmux(tmp_path)
    yield tmux
    tmux.call("kill-server")


def test_a_run_is_started_watched_and_found_again_by_keys(tmux, path, site):
    tmux.type(f"{PROGRAM} tui --ledger {path}; echo l''eft\n")
    tmux.sees("No runs here yet")
    assert tmux.alternate
    tmux.press("F3")
    tmux.sees("done if it shows")
    tmux.type('Search for "cats".')
    tmux.next_field()
    tmux.type(site.url("/search.html"))
    tmux.next_field()
    tmux.type("First result")
    tmux.sees("First result")
    tmux.press("C-s")
    tmux.sees("It clicks, types and sends forms on 127.0.0.1")
    tmux.press("Enter")
    tmux.sees("■ finished ✓ won", 'fill "Search"', "nobody objects")
    tmux.press("1")
    tmux.sees("search-for-cats", "✓ won", "1 runs")
    tmux.press("q")
    tmux.sees("left")
    assert not tmux.alternate
    with Ledger(path) as ledger:
        assert [run.success for run in ledger.runs()] == [True]


def test_the_terminal_is_left_as_it_was_found(tmux, path, ledger, tmp_path):
    kept = tmp_path / "pid"
    screen = f"sh -c 'echo $$ > {kept}; exec {PROGRAM} tui --ledger {path}'"
    tmux.type(f"{screen}; stty -a | grep echo\n")
    tmux.sees("12 runs")
    os.kill(int(kept.read_text()), signal.SIGTERM)
    tmux.until(lambda: not tmux.alternate)
    tmux.sees(" echo ")
    assert "-echo " not in tmux.screen
    tmux.type("echo it $((40 + 2)) works\n")
    tmux.sees("it 42 works")
    assert "Traceback" not in tmux.screen


def test_a_screen_resumes_only_when_it_was_stopped():
    told = []
    before = {each: signal.getsignal(each) for each in (signal.SIGTSTP, signal.SIGCONT)}
    try:
        for each in before:
            signal.signal(each, lambda number, _: told.append(number))
        resume_only_what_was_stopped()
        for each in (signal.SIGCONT, signal.SIGTSTP, signal.SIGCONT, signal.SIGCONT):
            signal.raise_signal(each)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    assert told == [signal.SIGTSTP, signal.SIGCONT]


def test_flyball_alone_opens_the_screen_in_a_terminal_and_helps_in_a_pipe(tmux, path, ledger):
    tmux.type(f"FLYBALL_LEDGER={path} {PROGRAM}\n")
    tmux.sees("12 runs", "1▸Runs◂")
    tmux.press("q")
    tmux.until(lambda: not tmux.alternate)
    words = [sys.executable, "-m", "flyball.cli"]
    piped = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert piped.returncode == 2
    assert "Usage:" in piped.stdout
