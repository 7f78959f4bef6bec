"""The office suite in Chromium, beside the same office in process."""

import gc
import random

import pytest

from flyball import Budget
from flyball.agents.compact import encode
from flyball.bench.office import TEMPLATES, Job, Office, Tab
from flyball.records import Action
from flyball.tools.browser import Browser, BrowserOptions
from flyball.tools.page import parse
from training.office import wrong_move

pytestmark = pytest.mark.browser
OFFICE = Office()


@pytest.fixture(scope="module")
async def stage():
    with OFFICE.serve() as address:
        options = BrowserOptions(ignore=OFFICE.ignore, viewport=OFFICE.viewport)
        async with Browser(options) as browser:
            yield browser, address


def body(observation):
    lines = observation.text.splitlines()
    return [line for line in lines if not line.startswith(("url ", "title "))]


def read(tab):
    return [entry.line for entry in tab.entries]


@pytest.mark.parametrize("name", sorted(TEMPLATES))
async def test_the_oracle_wins_in_chromium_and_sees_what_it_sees_in_process(stage, name):
    episode, seed = OFFICE.episode(*stage, name, 250_000), 250_000
    task, seen = await episode.start(Budget())
    tab, told = Tab(Job(TEMPLATES[name], seed).site), []
    assert (task.suite, task.id, task.metadata["seed"]) == ("office", name, str(seed))
    for _ in range(OFFICE.max_steps(name)):
        assert body(seen) == read(tab)
        page = parse(seen.text)
        action = OFFICE.oracle(name)(task.prompt, page, told)
        if action.is_final:
            break
        entry = next(each for each in page if each.number == action.arguments["element"])
        assert encode(action, entry.label)
        told.append(f'{action.tool} "{entry.name}"')
        seen = await episode.tools[action.tool].call(action.arguments)
        assert seen.ok, seen.note
        assert tab.act(action)
    assert await episode.score(action.arguments.get("answer")) == 1.0
    assert [step for step, _ in episode.progress] == list(range(1, len(told) + 1))
    assert episode.progress[-1][1] == episode.subgoals() == (True,) * len(episode.milestones)
    assert bool(episode.final) == any("cancel" in word or "sent" in word for word in episode.final)


async def test_chromium_and_the_tab_agree_on_wandering_about_too(stage):
    for name in ("write-mail", "change-quantity"):
        rng = random.Random(name)
        episode = OFFICE.episode(*stage, name, 7)
        _, seen = await episode.start(Budget())
        tab = Tab(Job(TEMPLATES[name], 7).site)
        for _ in range(12):
            assert body(seen) == read(tab)
            page = parse(seen.text)
            buttons = [each for each in page if each.role == "button"]
            boxes = [each for each in page if each.role == "textbox"]
            action = wrong_move(page, rng)
            if buttons and rng.random() < 0.2:
                action = Action(tool="click", arguments={"element": buttons[0].number})
            elif boxes and rng.random() < 0.1:
                arguments = {"element": boxes[0].number, "key": "Enter"}
                action = Action(tool="press", arguments=arguments)
            seen = await episode.tools[action.tool].call(action.arguments)
            assert seen.ok == tab.act(action)
        assert await episode.score(None) == 0.0


async def test_two_episodes_at_once_do_not_meet(stage):
    one, two = (OFFICE.episode(*stage, "ship-orders", 250_001) for _ in range(2))
    await one.start(Budget())
    _, seen = await two.start(Budget())
    assert "Recent" not in seen.text
    two._job.site.post("/customers/1/save", {"name": "Somebody Else"})
    assert one._job.site.recent == {}
    assert (await two.tools["click"].call({"element": 1})).ok
    assert (len(one.progress), len(two.progress)) == (0, 1)


async def test_the_way_back_ends_where_the_episode_began(stage):
    episode = OFFICE.episode(*stage, "ship-orders", 250_002)
    _, first = await episode.start(Budget())
    assert not (await episode.tools["back"].call({})).ok
    await episode.tools["click"].call({"element": 1})
    assert (await episode.tools["back"].call({})).text == first.text
    seen = await episode.tools["back"].call({})
    assert (seen.ok, seen.note) == (False, "there is no page to go back to")


async def test_an_office_is_gone_with_its_episode(stage):
    browser, address = stage
    episode = OFFICE.episode(browser, address, "ship-orders", 250_003)
    url = episode._url
    assert "Office" in (await browser.open(url)).text
    del episode
    gc.collect()
    assert "404" in (await browser.open(url)).text
    form = "fetch(location.href, {method: 'POST'}).then(answer => answer.status)"
    assert await browser.page.evaluate(form) == 404
