"""Made-up pages that teach what a goal means: letters, sums, places, tables, the greatest.

Each gives one page and several goals, of which one is drawn: a page is marked for its goal.
The tasks show the same, but a few hundred times each, which a small model learns by heart instead.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from flyball.tools.page import Entry
from training.drills import Words, click, example_of, fill, numbered
from training.examples import Example

GOALS = 5
"""Goals on a page."""
PLACES = ("1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th", "10th", "11th", "12th")
BOXES = ("", "", "Answer", "Text", "Word")
ENDS = (" and press Submit.", " and hit Submit", ", then click Submit.", ' and press "Submit".')
BY_SIZE = (("greatest number", max), ("smallest number", min), ("highest", max), ("lowest", min))
BY_PRICE = (("most expensive price", max), ("cheapest price", min), ("highest price", max))
CHOICES = (
    ("item", "", BY_SIZE), ("link", "", BY_SIZE), ("button", "Card ", BY_SIZE),
    ("button", "Book for $", BY_PRICE), ("button", "$", BY_PRICE), ("link", "€ ", BY_PRICE),
)  # fmt: skip


def skills(rng: random.Random, words: Words) -> list[Example]:
    """One page and several goals that need one skill."""
    return rng.choice(SKILLS)(rng, words)


def _box(rng: random.Random, name: str = "") -> list[Entry]:
    box = Entry(role="textbox", name=name or rng.choice(BOXES))
    return [box, Entry(role="button", name=rng.choice(("Submit", "Submit", "OK", "Save")))]


def _filled(goals: Sequence[tuple[str, str]], page: Sequence[Entry]) -> list[Example]:
    box = next(each for each in page if each.role == "textbox")
    return [example_of("skill", goal, page, (), fill(box, value)) for goal, value in goals]


def letters(rng: random.Random, words: Words) -> list[Example]:
    goals = list[tuple[str, str]]()
    for _ in range(GOALS + 1):
        word, upper = words.one(rng), rng.random() < 0.5
        word = word if rng.random() < 0.4 else (word.lower() if upper else word.upper())
        case = "upper" if upper else "lower"
        wording = rng.choice((
            'Type "{w}" in all {c} case letters in the text input and press Submit.',
            'Enter "{w}" in {c} case',
            "Write {w} in {c} case letters.",
        ))  # fmt: skip
        goals.append((wording.format(w=word, c=case), word.upper() if upper else word.lower()))
    return _filled(goals, numbered(_box(rng)))


def sums(rng: random.Random, _: Words) -> list[Example]:
    a, b, sign = rng.randint(0, 10), rng.randint(0, 10), rng.choice("+-x")
    result = {"+": a + b, "-": a - b, "x": a * b}[sign]
    page = numbered(_box(rng, f"{a} {sign} {b} ="))
    goal = "Solve the math problem and type your answer into the textbox. Press submit when done."
    return _filled([(goal, str(result))], page)


def algebra(rng: random.Random, _: Words) -> list[Example]:
    x, a, sign, first = rng.randint(-99, 99), rng.randint(0, 10), rng.choice("+-"), rng.random()
    left, right = ("x", str(a)) if first < 0.5 else (str(a), "x")
    result = x + a if sign == "+" else (x - a if first < 0.5 else a - x)
    text = Entry(role="text", name=f"{left} {sign} {right} = {result}")
    goal = "Solve for x and type your answer into the textbox. Press Submit when done."
    return _filled([(goal, str(x))], numbered([text, *_box(rng, "x =")]))


def times(rng: random.Random, _: Words) -> list[Example]:
    goals = list[tuple[str, str]]()
    for _each in range(GOALS + 1):
        hour, minute, half = rng.randint(1, 12), rng.randint(0, 59), rng.choice(("AM", "PM"))
        whole = hour % 12 + (12 if half == "PM" else 0)
        asked = f"{hour}:{minute:02d} {half}"
        wording = rng.choice(("Enter {t} as the time and press submit.", "Set the time to {t}."))
        goals.append((wording.format(t=asked), f"{whole:02d}:{minute:02d}"))
    return _filled(goals, numbered(_box(rng, "time hh:mm")))


def places(rng: random.Random, words: Words) -> list[Example]:
    """Count the words of a text."""
    said = [rng.choice(words.words).lower() for _ in range(rng.randint(3, 12))]
    written = [w.capitalize() if rng.random() < 0.2 else w for w in said]
    text = " ".join(w + rng.choice(("", "", "", ",", ".")) for w in written) + "."
    page = numbered([Entry(role="text", name=text), *_box(rng)])
    goals = [("last", written[-1])] if rng.random() < 0.5 else []
    counted = rng.sample(range(len(written)), k=min(GOALS, len(written)))
    goals += [(PLACES[place], written[place]) for place in counted]
    wording = rng.choice((
        "Find the {p} word in the paragraph, type that into the textbox{e}",
        "Enter the {p} word of the text{e}",
    ))  # fmt: skip
    return _filled([(wording.format(p=p, e=rng.choice(ENDS)), w) for p, w in goals], page)


def tables(rng: random.Random, words: Words) -> list[Example]:
    heads = list({words.phrase(rng).capitalize(): None for _ in range(rng.randint(3, 6))})
    cells = [words.one(rng) if rng.random() < 0.7 else str(rng.randint(0, 2_030)) for _ in heads]
    texts = [Entry(role="text", name=f"{h} | {c}") for h, c in zip(heads, cells, strict=True)]
    wording = rng.choice((
        "Enter the value of {h} into the text field{e}", 'Type what the table says of "{h}"{e}',
    ))  # fmt: skip
    goals = [
        (wording.format(h=h, e=rng.choice(ENDS)), c) for h, c in zip(heads, cells, strict=True)
    ]
    rng.shuffle(goals)
    return _filled(goals, numbered([*texts, *_box(rng)]))


def copies(rng: random.Random, words: Words) -> list[Example]:
    """Type a text of many words as it stands on the page."""
    said = [rng.choice(words.words) for _ in range(rng.randint(4, 22))]
    text = " ".join(w + rng.choice(("", "", "", "", ",", ".")) for w in said)
    wording = rng.choice(("Copy the text above into the box{e}", "Type what is written there{e}"))
    shown = Entry(role="textbox", name="", value=text)
    shown = rng.choice((shown, Entry(role="text", name=text)))
    box = Entry(role="textbox", name=rng.choice(BOXES))
    page = numbered([shown, box, Entry(role="button", name="Submit")])
    target = next(e for e in page if e.role == "textbox" and not e.value)
    goal = wording.format(e=rng.choice(ENDS))
    return [example_of("skill", goal, page, (), fill(target, text))]


def greatest(rng: random.Random, _: Words) -> list[Example]:
    numbers = rng.sample(range(rng.choice((20, 100, 1_500))), k=rng.randint(3, 6))
    role, front, ways = rng.choice(CHOICES)
    page = numbered([Entry(role=role, name=f"{front}{number}") for number in numbers])
    found = list[Example]()
    for word, pick in rng.sample(ways, k=len(ways)):
        wording = rng.choice(("Pick the one with the {w}.", "Click the {w}.", "Choose the {w}."))
        target = page[numbers.index(pick(numbers))]
        found.append(example_of("skill", wording.format(w=word), page, (), click(target)))
    return found


def durations(rng: random.Random, _: Words) -> list[Example]:
    spans = [(rng.randint(0, 29), rng.randint(0, 59)) for _ in range(rng.randint(3, 4))]
    prices = rng.sample(range(100, 1_600), k=len(spans))
    entries = list[Entry]()
    for (hours, minutes), price in zip(spans, prices, strict=True):
        entries.append(Entry(role="text", name="Duration:"))
        entries.append(Entry(role="text", name=f"{hours}h {minutes}m"))
        entries.append(Entry(role="button", name=f"Book for ${price}"))
    page = numbered(entries)
    buttons = [each for each in page if each.role == "button"]
    best: tuple[tuple[str, int], ...] = (
        ("shortest duration", spans.index(min(spans))),
        ("longest duration", spans.index(max(spans))),
        ("cheapest cost", prices.index(min(prices))),
        ("most expensive cost", prices.index(max(prices))),
    )
    return [
        example_of("skill", f"Take the ticket with the {word}.", page, (), click(buttons[at]))
        for word, at in rng.sample(best, k=len(best))
    ]


def nth(rng: random.Random, _: Words) -> list[Example]:
    """Count elements that have no names."""
    role, count = rng.choice(("checkbox", "radio", "link", "item")), rng.randint(2, 7)
    others = [Entry(role="textbox", name="") for _ in range(rng.randint(0, 3))]
    same = [Entry(role=role, name="") for _ in range(count)]
    page = numbered([*others, *same] if rng.random() < 0.5 else [*same, *others])
    found = list[Example]()
    for role_now, noun in ((role, role), ("textbox", "textbox")):
        targets = [each for each in page if each.role == role_now]
        for at in rng.sample(range(len(targets)), k=min(3, len(targets))):
            if role_now == "textbox":
                value = str(rng.randint(-9, 99))
                goal = f'Enter the number "{value}" into the {PLACES[at]} textbox.'
                action = fill(targets[at], value)
            else:
                goal, action = f"Click the {PLACES[at]} {noun}.", click(targets[at])
            found.append(example_of("skill", goal, page, (), action))
    return found


SKILLS: tuple[Callable[[random.Random, Words], list[Example]], ...] = (
    letters, letters, sums, sums, algebra, algebra, algebra, times, places, places, tables,
    copies, greatest, durations, nth,
)  # fmt: skip
"""Each as often as it stands here."""
