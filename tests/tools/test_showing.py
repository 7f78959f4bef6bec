"""What is shown of pages that are too long to be shown whole."""

import re
import sys

import pytest

from flyball.cli import main
from flyball.config import load_config
from flyball.tools.browser import Browser, BrowserOptions
from flyball.tools.browser.reading import Reading
from flyball.tools.browser.showing import Showing
from tests.site import serve_site

LINKS = "".join(f"<p><a href=#{i}>Link number {i}</a></p>" for i in range(500))
END = "The very end of a page that is long"


@pytest.fixture(scope="module")
def site():
    with serve_site() as site:
        yield site


def reading(lines, away, unread=0):
    return Reading(height=100, lines=lines, away=away, unread=unread)


def rows(first, last):
    return [f'text "row {i:03} of words"' for i in range(first, last)]


def number(observation, label):
    [found] = re.findall(rf"^{label} (\d+)", observation.text, re.MULTILINE)
    return int(found)


def test_a_page_that_fits_is_shown_as_it_is():
    lines = ["url http://x/", *rows(0, 5)]
    showing = Showing(100)
    for away in (0.0, 3.0):
        assert showing.show(reading(lines, [0.0, *[away] * 5]), scrolled=True) == lines


def test_what_is_near_the_screen_comes_first_and_the_rest_is_counted():
    lines = ["url http://x/", *rows(0, 100)]
    away = [0.0, *[(i - 50) / 10 if abs(i - 50) > 2 else 0.0 for i in range(100)]]
    url, *shown, note = Showing(130).show(reading(lines, away, unread=7))
    assert url == lines[0]
    assert set(rows(48, 53)) < set(shown)
    assert shown == rows(100 - 50 - len(shown) // 2, 51 + (len(shown) - 1) // 2)
    first, last = lines.index(shown[0]) - 1, lines.index(shown[-1])
    assert note == f"... {107 - len(shown)} more lines: {first} above, {107 - last} below"


def test_what_changed_is_shown_wherever_it_is():
    showing, away = Showing(130), [i / 10 for i in range(100)]
    showing.show(reading(rows(0, 100), away))
    shown = showing.show(reading([*rows(0, 99), 'text "now there at last"'], away))
    assert shown[-2] == 'text "now there at last"'
    assert shown[0] == rows(0, 1)[0]
    again = showing.show(reading([*rows(0, 99), 'text "now there at last"'], away))
    assert 'text "now there at last"' not in again


def test_scrolling_comes_to_all_of_a_screen_that_does_not_fit_and_other_actions_stay():
    showing, page = Showing(130), reading(rows(0, 60), [0.0] * 60)
    first = showing.show(page)
    assert first[-1] == f"... {61 - len(first)} more lines: {61 - len(first)} on the screen"
    assert showing.show(page) == first
    seen = set(first)
    for _ in range(60 // (len(first) - 1)):
        shown = showing.show(page, scrolled=True)
        assert showing.show(page) == shown
        seen.update(shown)
    assert seen > set(page.lines)


@pytest.mark.browser
async def test_scrolling_comes_to_the_end_of_a_long_page(site):
    site.pages["/links.html"] = f"{LINKS}<button onclick='textContent=`Done`'>{END}</button>"
    async with Browser() as browser:
        seen, shown = await browser.open(site.url("/links.html")), set()
        assert 'link "Link number 0" 1' in seen.text
        for _ in range(30):
            *lines, note = seen.text.splitlines()
            shown.update(lines)
            told = [int(count) for count in re.findall(r"\d+", note)]
            assert told[0] == sum(told[1:]) == 503 - len(lines)
            if END in seen.text:
                break
            seen = await browser.act("scroll", {"direction": "down"})
        assert 'link "Link number 0" 1' not in seen.text
        assert re.search(r" more lines: \d+ above$", seen.text)
        assert len(shown) == 503
        label = f'button "{END}"'
        seen = await browser.act("click", {"element": number(seen, label), "target": label})
        assert 'button "Done" 501' in seen.text
        seen = await browser.act("click", {"element": 3, "target": 'link "Link number 2"'})
        assert seen.ok
        assert 'link "Link number 0" 1' in seen.text


@pytest.mark.browser
async def test_lists_and_frames_are_shown_where_they_are_scrolled_to(site):
    items = "".join(f"<p>Item number {i} of many</p>" for i in range(300))
    site.pages["/inner.html"] = f"{items}<button>Last</button>"
    box = "width:300px;height:300px;overflow:auto"
    site.pages["/list.html"] = f"<div style={box}><a href=#>Top</a>{items}<a href=#>{END}</a></div>"
    site.pages["/frame.html"] = f"<h1>Before</h1><iframe src=/inner.html style={box}></iframe>"
    async with Browser(BrowserOptions(budget_tokens=500)) as browser:
        await browser.open(site.url("/list.html"))
        seen = await browser.act("scroll", {"direction": "down", "element": 1})
        for _ in range(30):  # where the mouse rests now
            assert seen.ok
            if END in seen.text:
                break
            seen = await browser.act("scroll", {"direction": "down"})
        assert f'link "{END}" 2' in seen.text
        seen = await browser.act("goto", {"url": "/frame.html"})
        assert 'text "Item number 0 of many"' in seen.text
        assert 'heading "Before"' in seen.text
        assert 'text "Item number 200 of many"' not in seen.text
        await browser.page.frames[1].evaluate("scrollTo(0, document.body.scrollHeight / 2)")
        seen = await browser.observe("look")
        assert 'text "Item number 150 of many"' in seen.text
        assert 'text "Item number 0 of many"' not in seen.text


@pytest.mark.browser
async def test_a_long_text_goes_on_in_further_lines(site):
    words = " ".join(f"word{i}" for i in range(100))
    site.pages["/text.html"] = f"""<script>Array.prototype.toJSON = () => 'no'</script>
      <p>{words}<p>{"x" * 200}<p>{"y" * 205}<input>"""
    async with Browser() as browser:
        lines = (await browser.open(site.url("/text.html"))).text.splitlines()[2:]
    assert lines[0] == f'text "{words[:199]}…"'
    assert lines[1] == f'text "…{words[199:397]}…"'
    pieces = [line.removeprefix('text "').rstrip('"').strip("…") for line in lines[:4]]
    assert "".join(pieces) == words
    assert lines[4:] == [
        f'text "{"x" * 200}"',
        f'text "{"y" * 199}…"',
        'text "…yyyyyy"',
        'textbox "" 1',
    ]


@pytest.mark.browser
async def test_what_a_page_without_end_does_not_list_is_counted(site):
    site.pages["/endless.html"] = "<p>row</p>" * 20_010 + "<button>End</button>"
    async with Browser(BrowserOptions(budget_tokens=100)) as browser:
        *lines, note = (await browser.open(site.url("/endless.html"))).text.splitlines()
    assert note.startswith(f"... {20_013 - len(lines)} more lines: ")


def test_how_much_is_shown_can_be_configured(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_config(tmp_path).browser.budget_tokens == 2_000
    (tmp_path / "flyball.toml").write_text("[browser]\nbudget_tokens = 300")
    assert load_config(tmp_path).browser.budget_tokens == 300


@pytest.mark.browser
@pytest.mark.llama
def test_the_configured_budget_reaches_the_browser(site, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLYBALL_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.setenv("FLYBALL_MACHINE", str(tmp_path / "machine.json"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "flyball.toml").write_text("[browser]\nbudget_tokens = 300")
    site.pages["/links.html"] = LINKS
    words = ["run", 'Click "Link number 3".', "--url", site.url("/links.html")]
    monkeypatch.setattr(sys, "argv", ["flyball", *words, "--max-steps", "1", "--json"])
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr().out
    [note] = set(re.findall(r"\.\.\. (\d+) more lines", said))
    assert int(note) > 450
