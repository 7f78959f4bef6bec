"""Made-up pages on which much is looked through: long lists of boxes, tabs, calendars, suggestions.

The tasks that are trained on show short ones; how a list is worked off does not depend on its
length, nor how tabs are gone through on what they are called. What untrained tasks of these kinds
(`IMITATED`) come to is therefore told apart from what the others do.
"""

from __future__ import annotations

import random
from dataclasses import replace

from flyball.records import Action
from flyball.tools.page import Entry
from training.drills import Words, click, example_of, fill, numbered
from training.examples import Example
from training.scene import MONTHS

IMITATED = (
    "choose-date", "choose-date-nodelay", "click-checkboxes-large", "click-collapsible-2",
    "click-collapsible-2-nodelay", "click-tab-2-hard", "unicode-test",
)  # fmt: skip
"""Untrained web tasks that are longer ones of the kinds that are made up here, or, as the last,
name what is in scripts that made-up pages have too."""
SECTIONS = ("Section #{}", "Tab #{}", "{}", "Part {}", "Chapter {}")
SEEK = (
    'Switch between the tabs to find and click on the link "{}".',
    'Open the sections one by one, and click on the link "{}".',
    'Look through the tabs and click on the link "{}".',
)
BOX = ("Select {} and click Submit.", "Select {} and click Submit")
DATE = ("Select {} as the date and hit submit.", "Choose {} as the date.", "Enter {} as the date.")


def boxes(rng: random.Random, words: Words) -> Example:
    """Check every box that the goal lists, and no other."""
    names = list({words.one(rng): None for _ in range(rng.randint(3, 14))})
    wanted = rng.sample(names, k=rng.randint(1, len(names)))
    done = rng.sample(wanted, k=rng.randint(0, len(wanted)))
    page = [Entry(role="checkbox", name=name, on=name in done) for name in names]
    wrong = next((n for n in names if n not in wanted), None) if rng.random() < 0.1 else None
    page = [replace(e, on=True) if e.name == wrong else e for e in page]
    page = numbered([*page, Entry(role="button", name="Submit")])
    left = next((n for n in wanted if n not in done), wrong)
    target = next((e for e in page if e.name == left), page[-1])
    told = [f'click "{name}"' for name in [*([wrong] if wrong else []), *done]]
    # Of a long list the history tells the end only; what is checked is seen on the page.
    told = told[rng.randint(0, len(told)) :]
    goal = rng.choice(BOX).format(", ".join(wanted))
    return example_of("boxes", goal, page, told, click(target))


def sections(rng: random.Random, words: Words) -> Example:
    """Look for a link in tabs or sections, of which one is open."""
    count, form, sought = rng.randint(2, 6), rng.choice(SECTIONS), words.one(rng)
    names = [form.format(i) for i in range(1, count + 1)]
    right = rng.randrange(count)
    below = rng.random() < 0.5  # a section's content stands below its name, a tab's below them all
    now = None if below and rng.random() < 0.3 else rng.randrange(count)
    found = now == right
    texts = [words.one(rng) for _ in range(rng.randint(1, 6))]
    texts = [text for text in texts if text != sought]
    if found:
        texts.insert(rng.randint(0, len(texts)), sought)
    content = [Entry(role=rng.choice(("item", "item", "text")), name=text) for text in texts]
    content = [replace(e, role="item") if e.name == sought else e for e in content]
    others = [n for n in range(count) if n not in (right, now)]
    seen = rng.sample(others, k=rng.randint(0, len(others)))
    tabs = [Entry(role="tab", name=name, on=i == now) for i, name in enumerate(names)]
    if below and now is not None:
        tabs[now + 1 : now + 1] = content
    elif now is not None:
        tabs += content
    page = numbered(tabs)
    told = [f'click "{names[i]}"' for i in [*seen, *([now] if now is not None else [])]]
    left = next(i for i in range(count) if i not in (*seen, now)) if not found else None
    name = sought if left is None else names[left]
    target = next(e for e in page if e.name == name and e.role == ("item" if found else "tab"))
    return example_of("sections", rng.choice(SEEK).format(sought), page, told, click(target))


def calendar(rng: random.Random, _: Words) -> Example:
    """Turn a calendar to the month, and choose the day."""
    shown, month, day = rng.randint(1, 12), rng.randint(1, 12), rng.randint(1, 28)
    month = shown if rng.random() < 0.4 else month
    turns = [Entry(role="link", name="Prev"), Entry(role="link", name="Next")]
    heads = [f"{MONTHS[shown - 1]} 2016", "Su | Mo | Tu | We | Th | Fr | Sa"]
    page = numbered(
        [
            Entry(role="textbox", name=rng.choice(("Date", "", "Day")), readonly=True),
            Entry(role="button", name="Submit", covered=True),
            *turns,
            *(Entry(role="text", name=text) for text in heads),
            *(Entry(role="link", name=str(i)) for i in range(1, 31)),
        ]
    )
    name = str(day) if shown == month else "Prev" if shown > month else "Next"
    target = next(e for e in page if e.name == name)
    goal = rng.choice(DATE).format(f"{month:02d}/{day:02d}/2016")
    told = ['click "Date"', *['click "Prev"'] * rng.randint(0, 3)]
    return example_of("calendar", goal, page, told, click(target))


def suggestions(rng: random.Random, words: Words) -> Example:
    """Choose what begins and ends as the goal says."""
    start = words.one(rng)[:3]
    names = list({start + words.one(rng).lower(): None for _ in range(rng.randint(1, 5))})
    right = rng.choice(names)
    end = right[-rng.randint(2, 4) :]
    right = next(name for name in names if name.endswith(end))
    box = Entry(role="textbox", name="Tags:", value=start)
    items = [Entry(role="item", name=name) for name in names]
    page = numbered([box, Entry(role="button", name="Submit", covered=True), *items])
    goal = f'Enter an item that starts with "{start}" and ends with "{end}".'
    target = next(e for e in page if e.name == right)
    return example_of("suggestions", goal, page, ['fill "Tags:"'], click(target))


def cased(rng: random.Random, words: Words) -> Example:
    """Write a word in capitals, or without."""
    word, upper = words.one(rng), rng.random() < 0.5
    given = word.lower() if upper else word.upper()
    page = numbered([Entry(role="textbox", name=""), Entry(role="button", name="Submit")])
    case = "upper" if upper else "lower"
    goal = f'Type "{given}" in all {case} case letters in the text input and press Submit.'
    action: Action = fill(page[0], given.upper() if upper else given.lower())
    return example_of("cased", goal, page, (), action)


SEARCHES = (boxes, boxes, sections, sections, calendar, calendar, suggestions, cased)
"""Each as often as it stands here."""
