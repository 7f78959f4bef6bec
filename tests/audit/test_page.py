"""The page in a real Chromium: no errors, no requests, right in light and dark."""

import pytest
from playwright.async_api import async_playwright

from flyball.audit import make_page, replay, report
from flyball.ledger import MEMORY, Ledger
from flyball.monitors import OpenHandsStuck
from flyball.tools.browser import find_chromium
from tests.audit.runs import a_run, looping, write

pytestmark = pytest.mark.browser


@pytest.fixture
def page_file(tmp_path):
    with Ledger(MEMORY) as ledger:
        for number in range(9):
            success = float(number % 3 > 0)
            run = a_run(f"r{number}", f"task <{number}> & co", score=success)
            write(ledger, run, *[20.0 + number] * 4)
        looping(ledger, a_run("loop", "loop", score=0.0), 8)
        runs = ledger.runs()
        savings = replay(ledger, runs, [OpenHandsStuck()])
        text = make_page(report(ledger, runs, "task"), savings)
    path = tmp_path / "audit.html"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_asks_nobody_and_complains_of_nothing(page_file, scheme, tmp_path):
    told, asked = [], []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox"]
        )
        page = await browser.new_page(color_scheme=scheme)
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(page_file.as_uri())
        ground, ink = await page.evaluate(
            "[...'backgroundColor color'.split(' ')].map(n => getComputedStyle(document.body)[n])"
        )
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        text = await page.inner_text("body")
        bars = await page.locator("rect.bar").count()
        await page.screenshot(path=tmp_path / f"{scheme}.png", full_page=True)
        await browser.close()
    assert told == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert (_light(ground), _light(ink)) == ((True, False) if scheme == "light" else (False, True))
    assert wide <= 0
    assert bars == 6
    assert "energy per success" in text
    assert "task <1> & co" in text
    assert "What stopping earlier would have saved" in text
    assert "rapl: reads package-0" in text


def _light(colour: str) -> bool:
    parts = colour.removeprefix("rgb(").removesuffix(")").split(",")
    return sum(map(int, parts)) > 3 * 128
