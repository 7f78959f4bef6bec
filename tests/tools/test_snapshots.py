"""Going back, in a real Chromium on pages of our own."""

import pytest

from flyball.tools.browser import Browser, BrowserOptions
from tests.site import serve_site
from tests.tools.test_browser import number

pytestmark = pytest.mark.browser

FORM = """<title>Form</title><script>document.cookie = 'seen=yes'</script>
<form action=/results.html><input name=q placeholder=Search><label><input type=checkbox>Only new
</label><select name=s><option>Up<option>Down</select><button>Go</button></form>
<button onclick="fetch('/sent', {method: 'POST', body: 'x'})">Send</button>
<button onclick="localStorage.setItem('mode', 'dark')">Darken</button>"""


@pytest.fixture(scope="module")
def site():
    with serve_site() as site:
        site.pages["/form.html"] = FORM
        yield site


@pytest.fixture
async def browser():
    async with Browser(BrowserOptions(timeout_seconds=3)) as browser:
        yield browser


async def test_the_address_and_what_the_fields_held_come_back(browser, site):
    seen = await browser.open(site.url("/form.html"))
    await browser.act("fill", {"element": number(seen, 'textbox "Search"'), "text": "cats"})
    await browser.act("check", {"element": number(seen, 'checkbox "Only new"')})
    await browser.act("select", {"element": 3, "option": "Down"})
    before = await browser.observe("look")
    taken = await browser.snapshot()
    await browser.act("click", {"element": number(before, 'button "Go"')})
    asked = list(site.asked)
    seen = await browser.restore(taken)
    assert (seen.ok, seen.source) == (True, "recovery")
    assert seen.text == before.text
    assert site.asked[len(asked) :] == ["/form.html"]


async def test_cookies_and_local_storage_come_back(browser, site):
    seen = await browser.open(site.url("/form.html"))
    taken = await browser.snapshot()
    await browser.act("click", {"element": number(seen, 'button "Darken"')})
    await browser.evaluate("document.cookie = 'later=yes'")
    await browser.restore(taken)
    assert await browser.evaluate("localStorage.getItem('mode')") is None
    assert await browser.evaluate("document.cookie") == "seen=yes"


async def test_what_was_sent_cannot_be_taken_back_and_closes_the_way(browser, site):
    seen = await browser.open(site.url("/form.html"))
    taken = await browser.snapshot()
    await browser.act("click", {"element": number(seen, 'button "Send"')})
    await browser.act("goto", {"url": site.url("/search.html")})
    seen = await browser.restore(taken)
    assert (seen.ok, seen.note) == (False, "something was sent since that cannot be taken back")
    assert "title Search" in seen.text


async def test_a_page_that_answers_what_was_sent_is_never_asked_for_again(browser, site):
    await browser.open(site.url("/form.html"))
    await browser.evaluate("document.forms[0].method = 'post'")
    await browser.evaluate("document.forms[0].submit()")
    await browser.observe("look")
    taken = await browser.snapshot()
    asked = list(site.asked)
    seen = await browser.restore(taken)
    assert not seen.ok
    assert "would be sent again" in seen.note
    assert site.asked == asked


async def test_tabs_that_were_opened_since_close_the_way(browser, site):
    await browser.open(site.url("/form.html"))
    taken = await browser.snapshot()
    await browser.evaluate("void window.open('/search.html')")
    while browser.tabs < 2:
        await browser.observe("look")
    assert "tabs were opened" in (await browser.restore(taken)).note
