import pytest
from playwright.async_api import Error as PlaywrightError

from flyball.errors import ToolError
from flyball.testing import check_tool
from flyball.tools.browser import Browser, BrowserOptions, find_chromium, options
from tests.site import serve_site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site():
    with serve_site() as site:
        yield site


@pytest.fixture
async def browser():
    async with Browser(BrowserOptions(timeout_seconds=3)) as browser:
        yield browser


def number(observation, label):
    line = next(line for line in observation.text.splitlines() if line.startswith(label))
    return int(line.removeprefix(label).split()[0])


async def test_a_page_is_read_as_numbered_lines_and_text(browser, site):
    seen = await browser.open(site.url("/login.html"))
    assert seen.ok
    assert seen.text.splitlines() == [
        f"url {site.url('/login.html')}",
        "title Login",
        'heading "Welcome back"',
        'textbox "Username" 1',
        'textbox "Password" 2',
        'button "Login" 3',
    ]
    assert seen.secret == (2,)


async def test_a_login_form_is_filled_in_and_sent(browser, site):
    await browser.open(site.url("/login.html"))
    await browser.act("fill", {"element": 1, "text": "bob"})
    seen = await browser.act("fill", {"element": 2, "text": "secret"})
    assert 'textbox "Username" 1 = "bob"' in seen.text
    assert "secret" not in seen.text
    assert '= "••••••"' in seen.text
    seen = await browser.act("click", {"element": 3, "target": 'button "Login"'})
    assert 'heading "Hello"' in seen.text
    assert "u=bob&p=secret" in site.asked[-1]
    seen = await browser.act("back", {})
    assert "title Login" in seen.text


async def test_what_cannot_be_acted_on_is_told_with_what_is_there_now(browser, site):
    site.pages["/odd.html"] = """<button onclick="this.remove()">Gone</button>
      <button disabled>Off</button>
      <p style="position:relative;width:99px"><button>Under</button>
      <b aria-label="cookie notice" style="position:absolute;inset:0;background:red"></b></p>"""
    seen = await browser.open(site.url("/odd.html"))
    assert 'button "Off" 2 disabled' in seen.text
    assert 'button "Under" 3 covered' in seen.text
    missing = await browser.act("click", {"element": 9})
    assert (missing.ok, missing.note) == (False, "there is no element 9; there are 3")
    assert 'button "Gone" 1' in missing.text
    covered = await browser.act("click", {"element": 3})
    assert "covered by cookie notice" in covered.note
    assert "disabled" in (await browser.act("click", {"element": 2})).note
    other = await browser.act("click", {"element": 1, "target": 'button "Login"'})
    assert other.note == 'element 1 is button "Gone", not button "Login"'
    assert (await browser.act("click", {"element": 1})).ok
    no_number = await browser.act("click", {})
    assert "'element'" in no_number.note


async def test_choices_are_made_and_a_missing_option_names_the_others(browser, site):
    site.pages["/form.html"] = """<label>Country <select><option>Chile<option>Peru</select></label>
      <label><input type=checkbox> News</label><textarea placeholder=Comment></textarea>"""
    await browser.open(site.url("/form.html"))
    seen = await browser.act("select", {"element": 1, "option": "Peru"})
    assert 'select "Country" 1 = "Peru" : "Chile" "Peru"' in seen.text
    missing = await browser.act("select", {"element": 1, "option": "Spain"})
    assert missing.note.endswith("there are: Chile, Peru")
    seen = await browser.act("check", {"element": 2, "on": True})
    assert 'checkbox "News" 2 on' in seen.text
    seen = await browser.act("press", {"element": 3, "key": "x"})
    assert 'textbox "Comment" 3 = "x"' in seen.text
    seen = await browser.act("type", {"text": "y, z"})  # where the key before it went
    assert 'textbox "Comment" 3 = "xy, z"' in seen.text
    assert not (await browser.act("fill", {"element": 2, "text": "x"})).ok


async def test_frames_and_shadow_trees_are_part_of_the_page(browser, site):
    site.pages["/inner.html"] = "<button onclick=\"this.textContent='Pressed'\">Inner</button>"
    site.pages["/outer.html"] = """<button>Before</button><iframe src=/inner.html></iframe>
      <x-box></x-box><script>customElements.define('x-box', class extends HTMLElement {
        constructor() { super(); this.attachShadow({mode: 'open'}).innerHTML =
          '<button onclick="this.textContent=`Hit`">Deep</button>'; } })</script>"""
    seen = await browser.open(site.url("/outer.html"))
    assert [line for line in seen.text.splitlines() if line.startswith("button")] == [
        'button "Before" 1',
        'button "Inner" 2',
        'button "Deep" 3',
    ]
    assert 'button "Pressed" 2' in (await browser.act("click", {"element": 2})).text
    assert 'button "Hit" 3' in (await browser.act("click", {"element": 3})).text


async def test_dialogs_tabs_and_downloads_are_told(browser, site):
    site.pages["/busy.html"] = """<button onclick="alert('Careful')">Alert</button>
      <a href=/login.html target=_blank>New</a><a href=/data.csv download>Data</a>"""
    site.pages["/data.csv"] = "a,b"
    await browser.open(site.url("/busy.html"))
    assert 'alert "Careful" was accepted' in (await browser.act("click", {"element": 1})).note
    seen = await browser.act("click", {"element": 3})
    assert "data.csv was downloaded" in (seen.note or (await browser.act("wait", {})).note)
    assert browser.downloads[0].read_text() == "a,b"
    seen = await browser.act("click", {"element": 2})
    assert "a new tab was opened" in seen.note
    assert "title Login" in seen.text
    assert "tabs 2" in seen.text
    seen = await browser.act("back", {})
    assert 'link "New" 2' in seen.text


async def test_navigation_stays_on_the_allowed_hosts(browser, site):
    elsewhere = site.url("/login.html?elsewhere").replace("127.0.0.1", "localhost")
    site.pages["/links.html"] = f"<a href={elsewhere}>Out</a><a href=/away.html>Redirect</a>"
    site.redirects["/away.html"] = elsewhere
    await browser.open(site.url("/links.html"))
    for refused in (
        await browser.act("goto", {"url": elsewhere}),
        await browser.act("click", {"element": 1}),
        await browser.act("click", {"element": 2}),
    ):
        assert not refused.ok
        assert "refused" in refused.note
        assert 'link "Out" 1' in refused.text
    assert (await browser.act("goto", {"url": "/login.html"})).ok
    assert not any("elsewhere" in asked for asked in site.asked)


async def test_a_tab_that_a_page_opens_stays_on_the_allowed_hosts_too(browser, site):
    elsewhere = site.url("/welcome.html?tab").replace("127.0.0.1", "localhost")
    site.pages["/tabs.html"] = f"<a href={elsewhere} target=_blank>Out</a>"
    await browser.open(site.url("/tabs.html"))
    seen = await browser.act("click", {"element": 1})
    if seen.ok:
        seen = await browser.act("wait", {"seconds": 0.3})
    assert "refused: localhost" in seen.note
    assert not any("?tab" in asked for asked in site.asked)


async def test_an_allowed_host_may_be_opened(site):
    async with Browser(BrowserOptions(allow_hosts=("localhost",))) as browser:
        await browser.open(site.url("/login.html"))
        elsewhere = site.url("/search.html").replace("127.0.0.1", "localhost")
        assert (await browser.act("goto", {"url": elsewhere})).ok


async def test_a_long_page_is_cut_and_keeps_what_changed(site):
    rows = "".join(f"<p>row {i} of many words that fill the page</p>" for i in range(300))
    site.pages["/long.html"] = (
        f"<button onclick='late.hidden=false'>More</button>{rows}<p id=late hidden>at last</p>"
    )
    async with Browser(BrowserOptions(budget_tokens=400)) as browser:
        seen = await browser.open(site.url("/long.html"))
        assert "more lines" in seen.text
        assert len(seen.text) < 400 * 3.5
        seen = await browser.act("click", {"element": 1})
        assert 'text "at last"' in seen.text


async def test_scrolling_brings_more_of_a_list(browser, site):
    site.pages["/list.html"] = """<div style="height:3000px">top</div><script>
      addEventListener('scroll', () => { document.body.append('loaded') }, {once: true})</script>"""
    await browser.open(site.url("/list.html"))
    await browser.act("scroll", {"direction": "down"})
    assert "loaded" in (await browser.act("wait", {"seconds": 0.1})).text


async def test_several_options_are_added_and_taken_off_one_by_one(browser, site):
    site.pages["/many.html"] = "<select multiple><option>Chile<option>Peru<option>Cuba</select>"
    await browser.open(site.url("/many.html"))
    await browser.act("select", {"element": 1, "option": "Peru"})
    seen = await browser.act("select", {"element": 1, "option": "Chile"})
    assert '= "Chile, Peru"' in seen.text
    seen = await browser.act("select", {"element": 1, "option": "Peru"})
    assert '= "Chile" :' in seen.text


async def test_a_long_text_shows_the_part_that_it_is_scrolled_to(browser, site):
    words = " ".join(f"word{index}" for index in range(300))
    site.pages["/long.html"] = f"<textarea disabled rows=4 cols=30>{words}</textarea>"
    seen = await browser.open(site.url("/long.html"))
    assert '1 = "word0 word1 ' in seen.text
    assert seen.text.endswith('…" disabled multiline below')
    for _ in range(9):
        seen = await browser.act("scroll", {"element": 1, "direction": "down"})
    assert seen.ok
    assert seen.text.endswith('word298 word299" disabled multiline above')


async def test_a_menu_opens_while_the_mouse_rests_on_it(browser, site):
    site.pages["/menu.html"] = """<style>li ul { display: none } li:hover ul { display: block }
      </style><ul><li><a href=#>More</a><ul><li><a href=#x>Deep</a></ul></ul>"""
    seen = await browser.open(site.url("/menu.html"))
    assert "Deep" not in seen.text
    assert 'link "Deep" 2' in (await browser.act("hover", {"element": 1})).text


async def test_rows_sliders_drawings_and_labels_below_are_read(browser, site):
    site.pages["/odd.html"] = """<table><tr><td>Colour<td>navy<tr><td>Year<td>1972</table>
      <p>Nothing yet.</p><input title=Guess readonly><input type=date>
      <div><div><input><b>Genre</b></div><div><input><b>Director</b></div></div>
      <div class=track><span class=ui-slider-handle style="padding:9px"></span></div>
      <div onclick="0"><b onclick="0">Only part</b></div><img alt=vegan width=9 height=9>
      <div style="cursor:pointer"><i onclick="0">Reply</i> <i onclick="0">Forward</i></div>
      <ul><li class=active><a href=#>2</a></ul>
      <svg width=99 height=99><circle id="(0,1)" cx=50 cy=50 r=40 /><text x=9 y=9>axis</text>
      </svg><script>document.querySelector('circle').addEventListener('click', () => 0)</script>"""
    seen = await browser.open(site.url("/odd.html"))
    assert seen.text.splitlines()[2:] == [
        'text "Colour | navy"',
        'text "Year | 1972"',
        'text "Nothing yet."',
        'textbox "Guess" 1 readonly',
        'textbox "date yyyy-mm-dd" 2',
        'textbox "Genre" 3',
        'textbox "Director" 4',
        'slider "" 5',
        'item "Only part" 6',
        'text "vegan"',
        'item "Reply" 7',
        'item "Forward" 8',
        'link "2" 9 on',
        'item "(0,1)" 10',
        'text "axis"',
    ]
    assert "read-only" in (await browser.act("fill", {"element": 1, "text": "x"})).note


async def test_a_page_that_does_not_load_is_one_clear_line(browser):
    with pytest.raises(
        ToolError, match=r"cannot open http://127\.0\.0\.1:9/: .*REFUSED|UNSAFE_PORT"
    ):
        await browser.open("http://127.0.0.1:9/")
    with pytest.raises(ToolError, match="not an address"):
        await browser.open("example")


async def test_a_missing_browser_is_one_clear_line():
    with pytest.raises(ToolError, match="there is no browser at '/no/such'; install it"):
        async with Browser(BrowserOptions(executable="/no/such")):
            pass
    assert find_chromium().exists()


async def test_the_tools_keep_their_promises(browser, site):
    await browser.open(site.url("/login.html"))
    calls = {
        "click": [{"element": 1}],
        "press": [{"key": "Tab"}],
        "type": [{"text": "a"}],
        "goto": [{"url": "/"}],
    }
    for name, tool in browser.tools.items():
        await check_tool(tool, calls.get(name, []))


async def test_a_page_that_hangs_is_given_up(browser, site, monkeypatch):
    monkeypatch.setattr(options, "LONGEST_WAIT_SECONDS", -1.0)  # two seconds for any answer
    site.pages["/hang.html"] = "<button onclick='while (true) {}'>Hang</button>"
    await browser.open(site.url("/hang.html"))
    with pytest.raises(ToolError, match="the page hangs: no answer in 2 s"):
        await browser.act("click", {"element": 1})


DESTROYED = "Frame.evaluate: Execution context was destroyed, most likely because of a navigation"


@pytest.mark.parametrize(("times", "reads"), [(3, True), (4, False)])
async def test_a_page_that_turns_into_another_is_read_again(
    browser, site, monkeypatch, times, reads
):
    await browser.open(site.url("/login.html"))
    left, lines = iter(range(times)), browser._lines

    async def turning():
        if next(left, None) is not None:
            raise PlaywrightError(DESTROYED)
        return await lines()

    monkeypatch.setattr(browser, "_lines", turning)
    if reads:
        assert "title Login" in (await browser.observe("look")).text
    else:
        with pytest.raises(ToolError, match="context was destroyed"):
            await browser.observe("look")


async def test_what_an_entry_of_a_menu_opens_a_moment_later_is_seen(browser, site):
    site.pages["/menu.html"] = """<div role=menuitem id=m>Playback</div><div id=sub></div><script>
      m.onclick = () => setTimeout(() => sub.innerHTML = '<div role=menuitem>Next</div>', 300)
      </script>"""
    await browser.open(site.url("/menu.html"))
    seen = await browser.act("click", {"element": 1})
    assert 'menuitem "Next" 2' in seen.text
