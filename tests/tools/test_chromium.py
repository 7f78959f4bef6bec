import os
import sys
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Error as PlaywrightError

from flyball.errors import ToolError
from flyball.tools.browser import Browser, BrowserOptions
from flyball.tools.browser.chromium import check_display, find_chromium
from flyball.tools.browser.starting import start


def test_the_path_is_searched_and_the_environment_goes_first(tmp_path, monkeypatch):
    for name in ("chromium", "mine"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert find_chromium() == tmp_path / "chromium"
    monkeypatch.setenv("CHROMIUM", "mine")
    assert find_chromium() == tmp_path / "mine"
    assert find_chromium(str(tmp_path / "chromium")) == tmp_path / "chromium"


def test_a_machine_without_one_says_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(ToolError, match="install it"):
        find_chromium(own=tmp_path / "absent")
    (tmp_path / "downloaded").touch()
    assert find_chromium(own=tmp_path / "downloaded") == tmp_path / "downloaded"


def test_a_visible_browser_needs_a_display(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    check_display()
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(ToolError, match="leave out --watch"):
        check_display()


class Launches:
    """Stands in for Playwright, and cannot start a browser with what it is told to be `barred`."""

    executable_path = "/nowhere"

    def __init__(self, *barred):
        self.barred, self.asked = barred, []

    @property
    def chromium(self):
        return self

    async def launch(self, *, chromium_sandbox, **more):
        self.asked.append(chromium_sandbox)
        if chromium_sandbox in self.barred:
            raise PlaywrightError("no usable sandbox")
        return "a browser"


@pytest.mark.parametrize(
    ("user", "barred", "asked"),
    [(0, (), [False]), (1000, (), [True]), (1000, (True,), [True, False])],
)
async def test_the_inner_sandbox_is_off_only_for_root_and_where_it_is_barred(
    monkeypatch, tmp_path, caplog, user, barred, asked
):
    monkeypatch.setattr("os.geteuid", lambda: user)
    launches = Launches(*barred)
    assert await start(launches, BrowserOptions(executable=sys.executable), tmp_path) == "a browser"
    assert launches.asked == asked
    assert ("without its own sandbox" in caplog.text) is bool(barred)


async def test_a_browser_that_does_not_start_at_all_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    options = BrowserOptions(executable=sys.executable)
    with pytest.raises(ToolError, match="the browser does not start: no usable sandbox"):
        await start(Launches(True, False), options, tmp_path)


@pytest.mark.browser
async def test_a_browser_sees_no_files_and_no_keys_and_keeps_its_own_sandbox(monkeypatch, tmp_path):
    monkeypatch.setenv("OPENAI_API_KEY", "s3cret")
    async with Browser(BrowserOptions(sandbox=True)) as browser:
        await browser.open("about:blank")
        await browser.page.goto("chrome://sandbox")
        told = await browser.page.inner_text("body")
        assert "Layer 1 Sandbox\tNamespace" in told
        assert "You are adequately sandboxed" in told
        for path in (tmp_path, Path.home(), Path("/etc/shadow")):
            with pytest.raises(PlaywrightError, match=r"ERR_FILE_NOT_FOUND|ERR_ABORTED"):
                await browser.page.goto(path.as_uri())
        told = [text for child in psutil.Process().children(recursive=True) for text in env(child)]
    assert any("--type=" in text for text in told)
    assert not any(text.startswith("--type=") and "s3cret" in text for text in told)


def env(process):
    """A browser's process in a line: its arguments, and its environment; nothing of others."""
    try:
        words, around = process.cmdline(), process.environ()
    except psutil.Error:
        return []
    kind = next((word for word in words if word.startswith("--type=")), None)
    return [f"{kind} {around}"] if kind else []


@pytest.mark.browser
async def test_a_sandbox_that_does_not_work_is_not_gone_without(monkeypatch, tmp_path):
    for name in ("bwrap", "prlimit"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for headless, why in ((True, "does not start in bubblewrap"), (False, "a visible browser")):
        with pytest.raises(ToolError, match=rf"{why}.*sandbox = false goes without"):
            async with Browser(BrowserOptions(sandbox=True, headless=headless)):
                pass
