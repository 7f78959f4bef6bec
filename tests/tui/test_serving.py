"""The screen in a browser: a real server, a real Chromium."""

import os
import socket
import subprocess
import sys
import time

import httpx
import pytest
from playwright.async_api import async_playwright

from flyball.ledger import Ledger
from flyball.tools.browser.chromium import QUIET, find_chromium
from tests.processes import process
from tests.tui.conftest import ROOT

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


@pytest.fixture
def served(path, ledger):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "flyball.cli", "tui", "--serve", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    whole = [*command, "--ledger", str(path)]
    with process(whole, env=environment, stdout=subprocess.PIPE) as server:
        line = server.stdout.readline()
        assert line.startswith("flyball is at http://127.0.0.1:")
        yield port, line.split()[-1], command
        server.terminate()
        server.wait(60)


def test_nobody_gets_in_without_the_token(served):
    port, address, command = served
    own = f"http://127.0.0.1:{port}"
    refused = [
        httpx.get(own).status_code,
        httpx.get(f"{own}/?token=guess").status_code,
        httpx.get(f"{own}/static/js/textual.js").status_code,
        httpx.get(address, headers={"Host": f"evil.example:{port}"}).status_code,
        httpx.get(address, headers={"Origin": "http://evil.example"}).status_code,
    ]
    assert refused == [403] * 5
    taken = subprocess.run(command, capture_output=True, text=True)
    assert taken.returncode == 2
    assert "give another --port" in taken.stderr


async def test_a_browser_with_the_token_gets_the_screen(served, path):
    port, address, _ = served
    with Ledger(path) as ledger:
        asked, said = await use(address, lambda: len(ledger.runs()) == 11)
        assert len(ledger.runs()) == 11
    assert {url.split("/")[2] for url in asked if not url.startswith("data:")} == {
        f"127.0.0.1:{port}"
    }
    assert not [text for text in said if "Content Security" in text]


async def use(address, deleted):
    """Press `d` in the browser until a run is deleted; what was asked for, and complaints."""
    asked, said = [], []
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=find_chromium(), args=QUIET)
        page = await chromium.new_page(viewport={"width": 1100, "height": 700})
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda line: asked.append(line.url))
        page.on("console", lambda message: said.append(message.text))
        await page.goto(address)
        assert "token" not in page.url
        await page.wait_for_selector("body.-first-byte", timeout=60_000)
        await page.wait_for_timeout(2_500)
        await page.click(".textual-terminal", position={"x": 300, "y": 300})
        await page.keyboard.press("d")
        end = time.monotonic() + 30
        while not deleted():
            assert time.monotonic() < end
            await page.wait_for_timeout(100)
        if folder := os.environ.get("FLYBALL_SHOT"):
            await page.screenshot(path=folder)
        await chromium.close()
    return asked, said
