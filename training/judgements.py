"""Made-up pages that ask for a judgement: which number, which row, whether to go on.

An episode of the real tasks has one such step among several that need none, so that its share of
the demonstrations is too small to learn a comparison or a sum from; here it is every step.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from flyball.records import Action
from flyball.tools.page import Entry
from training.drills import Words, click, example_of, numbered
from training.examples import Example
from training.facts import SUFFIXES, asked_number, slider_key
from training.skills import PLACES

PRESSES = ("press submit", "press Submit", "click submit", "hit Submit")
DISHES = ("Salad", "Soup", "Bread", "Pie", "Cake", "Tart", "Noodles", "Curry", "Stew", "Wings")
TAGS = ("vegan", "meat", "dairy", "peanuts", "gluten-free", "fish", "spicy")


def judgement(rng: random.Random, words: Words) -> Example:
    """One page and the step that it asks for."""
    return rng.choice(JUDGEMENTS)(rng, words)


def generated(rng: random.Random, _: Words) -> Example:
    """Generate until the number is as asked."""
    asked, number, good = asked_number(rng)
    first = rng.random() < 0.05
    shown = Entry(role="text", name="-" if first else str(number))
    page = numbered(
        [shown, Entry(role="button", name="Generate"), Entry(role="button", name="Submit")]
    )
    told = [] if first else ['click "Generate"'] * rng.randint(1, 6)
    action = click(page[2 if good and not first else 1])
    return example_of(
        "judged", f"Generate {asked}, then {rng.choice(PRESSES)}.", page, told, action
    )


def parities(rng: random.Random, _: Words) -> Example:
    """Mark each number as odd or even: the first that is not marked yet is next."""
    numbers = [rng.randint(-10, 10) for _ in range(rng.randint(2, 4))]
    done, page, told = rng.randint(0, len(numbers)), list[Entry](), list[str]()
    for at, number in enumerate(numbers):
        odd, marked = number % 2 == 1, at < done
        page.append(Entry(role="button", name="Odd", on=marked and odd))
        page.append(Entry(role="text", name=str(number)))
        page.append(Entry(role="button", name="Even", on=marked and not odd))
        told += [f'click "{"Odd" if odd else "Even"}"'] * marked
    page = numbered([*page, Entry(role="button", name="Submit")])
    if done == len(numbers):
        action = click(page[-1])
    else:
        action = click(page[3 * done + (0 if numbers[done] % 2 else 2)])
    goal = f"Mark the numbers below as odd or even and {rng.choice(PRESSES)} when done."
    return example_of("judged", goal, page, told, action)


def sliders(rng: random.Random, _: Words) -> Example:
    """Move towards a number: by a page from 11 steps off, else by an arrow."""
    low = rng.choice((-100, -50, -10, 0, 0, 50))
    value, target = (rng.randint(low, low + rng.choice((20, 100, 150))) for _ in range(2))
    if rng.random() < 0.5:
        target = value + rng.randint(-12, 12)
    off = target - value
    page = numbered([
        Entry(role="slider", name=""), Entry(role="text", name=str(value)),
        Entry(role="button", name="Submit"),
    ])  # fmt: skip
    key = slider_key(off)
    told = [f'press "" {rng.choice((key, key, slider_key(99 if off > 0 else -99)))}']
    told *= rng.randint(0, 4)
    arguments = {"element": 1, "target": page[0].label, "key": key}
    action = Action(tool="press", arguments=arguments) if off else click(page[2])
    ask = f"Select {target} with the slider and {rng.choice(PRESSES)}."
    return example_of("judged", ask, page, told, action)


def cards(rng: random.Random, words: Words) -> Example:
    """Page on to the card of one name, then choose one of its fields."""
    wanted, page_number = words.one(rng).capitalize(), rng.randint(1, 6)
    shown = wanted if rng.random() < 0.5 else words.one(rng).capitalize()
    fields = {
        "phone": f"{rng.randint(100, 999)}-{rng.randint(100, 999)}-{rng.randint(1000, 9999)}",
        "email": f"{words.one(rng).lower()}{rng.randint(1, 9999)}@{words.one(rng).lower()}.com",
        "address": f"{rng.randint(1, 9999)} {words.one(rng).capitalize()} Road",
    }
    page = [Entry(role="heading", name=shown)]
    for field, value in fields.items():
        page.append(Entry(role="text", name=f"{field.capitalize()}:"))
        page.append(Entry(role="link", name=value))
    back = [Entry(role="link", name="<")] if page_number > 1 else []
    page += [
        *back,
        Entry(role="link", name=str(page_number), on=True),
        Entry(role="link", name=">"),
    ]
    field, page = rng.choice(tuple(fields)), numbered(page)
    found = next(each for each in page if each.name == (fields[field] if shown == wanted else ">"))
    goal = f"Find {wanted} in the contact book and click on their {field}."
    return example_of("judged", goal, page, ['click ">"'] * (page_number - 1), click(found))


def dishes(rng: random.Random, words: Words) -> Example:
    """Order what is named, or so many of a kind."""
    names = [f"{words.one(rng).capitalize()} {dish}" for dish in rng.sample(DISHES, k=6)]
    tags = [" ".join(rng.sample(TAGS, k=rng.randint(1, 2))) for _ in names]
    ordered = [0] * len(names)
    if rng.random() < 0.6:
        chosen = rng.sample(range(len(names)), k=2)
        goal = f"Order one of each item: {names[chosen[0]]}, {names[chosen[1]]}"
        wanted = chosen
    else:
        tag, count = rng.choice(TAGS), rng.randint(2, 5)
        tags[rng.randrange(len(names))] = tag
        first = next(at for at, each in enumerate(tags) if tag in each.split())
        goal, wanted = f"Order {count} items that are {tag}", [first] * count
    done = rng.randint(0, len(wanted))
    for at in wanted[:done]:
        ordered[at] += 1
    page, plus = list[Entry](), list[int]()
    for name, tag, count in zip(names, tags, ordered, strict=True):
        page += [Entry(role="text", name=name), Entry(role="text", name=tag)]
        page.append(Entry(role="item", name="-"))
        page += [Entry(role="text", name=str(count))] * bool(count)
        plus.append(len(page))
        page.append(Entry(role="item", name="+"))
    page = numbered([*page, Entry(role="button", name="Order!")])
    action = click(page[plus[wanted[done]]] if done < len(wanted) else page[-1])
    return example_of("judged", goal, page, ['click "+"'] * done, action)


def results(rng: random.Random, words: Words) -> Example:
    """Take the n-th result, three to a page."""
    place, names = rng.randint(1, 9), [words.one(rng).capitalize() for _ in range(3)]
    here, want = rng.randint(1, 3), (place - 1) // 3 + 1
    query = words.one(rng).capitalize()
    page = [Entry(role="textbox", name="", value=query), Entry(role="button", name="Search")]
    for name in names:
        page.append(Entry(role="link", name=name))
        page.append(Entry(role="text", name=f"https://{words.one(rng).lower()}.com"))
        page.append(Entry(role="text", name=words.phrase(rng).capitalize() + "."))
    page += [Entry(role="link", name="<")] if here > 1 else []
    page += [Entry(role="link", name=str(n), on=n == here) for n in range(1, 4)]
    page = numbered([*page, Entry(role="link", name=">")])
    if here == want:
        found = page[2 + 3 * ((place - 1) % 3)]
    else:
        found = next(each for each in page[11:] if each.name == str(want))
    goal = (
        f'Use the textbox to enter "{query}" and press "Search", '
        f"then find and click the {PLACES[place - 1]} search result."
    )
    told = ['fill "textbox"', 'click "Search"', *([f'click "{here}"'] if here > 1 else [])]
    return example_of("judged", goal, page, told, click(found))


def spelled(rng: random.Random, words: Words) -> Example:
    """Type a file's name key by key, where the page shows how far it has come."""
    suffix, *others = rng.sample(SUFFIXES, k=rng.randint(2, 5))
    named = words.one(rng).lower()[:9] or "x"
    files = [f"{words.one(rng).lower()[:9]}.{each}" for each in others] + [f"{named}.{suffix}"]
    rng.shuffle(files)
    keys = ["r", "m", "Space", *named, ".", *suffix, "Enter"]
    at = rng.randrange(len(keys)) if rng.random() < 0.3 else rng.randint(3, len(keys) - 2)
    typed = "".join(" " if key == "Space" else key for key in keys[:at])
    caret = rng.choice((" █", ""))
    texts = (
        "terminal", "Welcome! Type help for a list of available commands.",
        "Last login: " + rng.choice(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")),
        "user$ ls", " ".join(files), " ".join(f"user$ {typed}{caret}".split()),
    )  # fmt: skip
    page = [Entry(role="text", name=text) for text in texts]
    told = [f"press {key}" for key in ("l", "s", "Enter", *keys[:at])]
    goal = f"Use the terminal below to delete a file ending with the extension .{suffix}"
    action = Action(tool="press", arguments={"key": keys[at]})
    return example_of("judged", goal, page, told, action)


JUDGEMENTS: Sequence[Callable[[random.Random, Words], Example]] = (
    generated, generated, parities, parities, sliders, sliders, cards, cards, dishes, results,
    spelled, spelled,
)  # fmt: skip
"""Each as often as it stands here."""
