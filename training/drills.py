"""Made-up pages. They teach to look a name up and copy a string, on any page, in many wordings."""

from __future__ import annotations

import random
import string
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flyball.agents.compact import encode, summary
from flyball.records import Action
from flyball.tools.page import Entry
from training.examples import Example

ALPHABET = string.ascii_letters + string.digits
SCRIPTS = (
    (0xE0, 0xF6), (0x3B1, 0x3C9), (0x410, 0x44F), (0x3041, 0x3096), (0x30A1, 0x30F6),
    (0x4E00, 0x9FA5), (0xAC00, 0xD7A3),
)  # fmt: skip
"""The first and the last letter: accents, Greek, Cyrillic, Hiragana, Katakana, Han, Hangul."""
FOREIGN = 0.05
"""Share of words in one of `SCRIPTS`."""
ROLES = ("button", "link", "item", "checkbox", "radio", "textbox", "tab")
ASK = (
    'Click on the "{name}" {role}.',
    'Click on the link "{name}".',
    "Select {name} and click Submit.",
    "Click {name}",
    "Find the {role} {name} and click it.",
    'Click the button labeled "{name}".',
    "Open {name}.",
)
FIELDS = (
    "Username", "User name", "Email", "E-mail address", "Password", "Name", "First name",
    "Last name", "City", "Street", "Phone", "Company", "Comment", "Message", "Subject", "Title",
    "Search", "Query", "Amount", "Date", "Code", "Address", "Zip", "Country", "Login", "User",
)  # fmt: skip
BUTTONS = (
    "Login", "Log in", "Sign in", "Submit", "Send", "Search", "Save", "OK", "Go", "Continue",
    "Register", "Sign up", "Create account", "Apply", "Next", "Add", "Order", "Update", "Find",
)  # fmt: skip
NOISE = ("Home", "About", "Help", "Contact", "Forgot password?", "Terms", "Cancel", "Reset", "Menu")
POPUP = ("Accept", "Close", "OK", "Dismiss", "Got it", "No thanks", "Accept all")
CLAUSES = (
    '{field} "{value}"', 'the {low} "{value}"', "{low} {value}", '"{value}" into {field}',
    '"{value}" in the {low} field', "{field}: {value}", 'the {low} as "{value}"',
)  # fmt: skip
OPENINGS = ("Enter ", "Type ", "Fill in ", "Log in with ", "Sign in with ", "Set ", "Use ", "Put ")
CLOSINGS = (
    ' and press "{button}".', " and click {button}.", ", then press {button}.", " and {low}.",
    ' and click the "{button}" button.', " into the text fields and press {low}.",
)  # fmt: skip
SEARCHES = ('Search for "{value}".', "Search for {value}", 'Find "{value}"', "Look up {value}.")


@dataclass(frozen=True, kw_only=True)
class Words:
    """What names and values are drawn from."""

    words: Sequence[str]

    def one(self, rng: random.Random) -> str:
        draw = rng.random()
        if draw < 0.5:
            return rng.choice(self.words)
        if draw < 0.5 + FOREIGN:
            first, last = rng.choice(SCRIPTS)
            return "".join(chr(rng.randint(first, last)) for _ in range(rng.randint(2, 5)))
        return "".join(rng.choices(ALPHABET, k=rng.randint(2, 9)))

    def phrase(self, rng: random.Random) -> str:
        return " ".join(rng.choice(self.words) for _ in range(rng.randint(1, 3)))


def lookups(rng: random.Random, words: Words) -> list[Example]:
    """One page and several goals: practice of finding the number behind a name."""
    names = [words.one(rng) if rng.random() < 0.5 else words.phrase(rng) for _ in range(8)]
    page = [
        Entry(role=rng.choice(ROLES), name=name, number=i, on=rng.random() < 0.1)
        for i, name in enumerate(names[: rng.randint(3, 8)], 1)
    ]
    return [_lookup(rng, words, page) for _ in range(rng.randint(4, 8))]


def _lookup(rng: random.Random, words: Words, page: Sequence[Entry]) -> Example:
    target = rng.choice(page)
    if target.role == "textbox" and rng.random() < 0.7:
        value = words.one(rng)
        wording = rng.choice(('Enter "{v}" into {n}.', "Type {v} into the {n} field."))
        goal, action = wording.format(v=value, n=target.name), fill(target, value)
    else:
        goal = rng.choice(ASK).format(name=target.name, role=target.role)
        action = click(target)
    return example_of("lookup", goal, page, (), action)


def form(rng: random.Random, words: Words) -> Example:
    """One step of filling in a form, from the first field to `finish`."""
    return _popup(rng, words) if rng.random() < 0.12 else _form_step(rng, words)


@dataclass(frozen=True, kw_only=True)
class Form:
    """A page with the fields that the goal names (`values`), others, and a button."""

    goal: str
    page: list[Entry]
    values: dict[str, str]
    button: str

    def entry(self, role: str, name: str) -> Entry:
        return next(e for e in self.page if (e.role, e.name) == (role, name))


def _form_step(rng: random.Random, words: Words) -> Example:
    made = _form(rng, words)
    told, order = list[str](), list(made.values)
    done = rng.randint(0, len(order) + 1)
    page = list(made.page)
    for name in order[:done]:
        at = page.index(made.entry("textbox", name))
        told.append(summary(fill(page[at], ""), page))
        page[at] = replace(page[at], value=_shown(name, made.values[name]))
    if done < len(order):
        target = made.entry("textbox", order[done])
        at = page.index(target)
        if rng.random() < 0.1:  # somebody left something there
            page[at] = replace(target, value=_shown(target.name, words.one(rng)))
        action = fill(target, made.values[target.name])
    elif done == len(order):
        action = click(made.entry("button", made.button))
    else:
        told.append(f'click "{made.button}"')
        page = page if rng.random() < 0.4 else _after(rng, words)
        action = Action(tool="finish")
    return example_of("form", made.goal, page, told, action)


def _form(rng: random.Random, words: Words) -> Form:
    search = rng.random() < 0.3
    names = rng.sample(FIELDS, k=1 if search else rng.randint(1, 4))
    if search and rng.random() < 0.7:
        names = [rng.choice(("Search", "Query", "", "Search the site"))]
    asked = names if search else names[: rng.randint(1, len(names))]
    values = {n: words.phrase(rng) if search else words.one(rng) for n in asked}
    button = rng.choice(("Search", "Go", "Find", "OK")) if search else rng.choice(BUTTONS)
    goal = _search_goal(rng, values, button) if search else _goal(rng, values, button)
    rest = [Entry(role=rng.choice(("link", "button")), name=n) for n in rng.sample(NOISE, 2)]
    texts = [Entry(role="text", name=words.phrase(rng)) for _ in range(rng.randint(0, 2))]
    if rng.random() < 0.5:
        texts.insert(0, Entry(role="heading", name=rng.choice((button, words.phrase(rng)))))
    if rng.random() < 0.4 and not search:
        rest.append(Entry(role="checkbox", name=rng.choice(("Remember me", "I agree", "News"))))
    fields = [Entry(role="textbox", name=name) for name in names]
    before = rest[: rng.randint(0, len(rest))]
    body = [*fields, Entry(role="button", name=button), *rest[len(before) :]]
    return Form(goal=goal, page=numbered([*before, *texts, *body]), values=values, button=button)


def _goal(rng: random.Random, values: dict[str, str], button: str) -> str:
    clause = rng.choice(CLAUSES)
    clauses = [clause.format(field=f, low=f.lower(), value=v) for f, v in values.items()]
    listed = rng.choice((", ", " and ")).join(clauses)
    closing = rng.choice(CLOSINGS).format(button=button, low=button.lower())
    return rng.choice(OPENINGS) + listed + closing


def _search_goal(rng: random.Random, values: dict[str, str], button: str) -> str:
    (value,) = values.values()
    if rng.random() < 0.5:
        return rng.choice(SEARCHES).format(value=value)
    return f'Enter "{value}"' + rng.choice(CLOSINGS[:3]).format(button=button, low=button.lower())


def _popup(rng: random.Random, words: Words) -> Example:
    """Something lies over the form: it goes first."""
    made = _form(rng, words)
    covered = [replace(e, covered=True) if e.number else e for e in made.page]
    text, dismiss = Entry(role="text", name=words.phrase(rng)), rng.choice(POPUP)
    closer = Entry(role="button", name=dismiss)
    page = numbered([*covered, text, closer] if rng.random() < 0.7 else [text, closer, *covered])
    target = next(e for e in page if e.number and e.name == dismiss and not e.covered)
    told = [f'failed click "{made.button}"'] if rng.random() < 0.4 else []
    return example_of("popup", made.goal, page, told, click(target))


def _after(rng: random.Random, words: Words) -> list[Entry]:
    """Some page that a form leads to."""
    lines = [Entry(role="heading", name=rng.choice(("Welcome", "Thank you", "Results", "Done")))]
    lines += [Entry(role="text", name=words.phrase(rng)) for _ in range(rng.randint(0, 3))]
    lines += [Entry(role="link", name=words.phrase(rng)) for _ in range(rng.randint(0, 4))]
    return numbered(lines)


def numbered(page: Sequence[Entry]) -> list[Entry]:
    numbers = iter(range(1, len(page) + 1))
    return [e if e.role in ("text", "heading") else replace(e, number=next(numbers)) for e in page]


def _shown(name: str, value: str) -> str:
    return "•" * len(value) if "assword" in name else value


def fill(target: Entry, value: str) -> Action:
    arguments = {"element": target.number, "target": target.label, "text": value}
    return Action(tool="fill", arguments=arguments)


def click(target: Entry) -> Action:
    return Action(tool="click", arguments={"element": target.number, "target": target.label})


def example_of(
    task: str, goal: str, page: Sequence[Entry], told: Sequence[str], action: Action
) -> Example:
    label = next((e.label for e in page if e.number == action.arguments.get("element")), "")
    return Example(
        task=task,
        goal=goal,
        lines=tuple(e.line for e in page),
        told=tuple(told),
        answer=encode(action, label),
    )
