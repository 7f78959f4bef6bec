"""Other words for what a demonstration says: other quoted strings, and other ways to ask."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import replace

from flyball.bench.miniwob import ORACLES
from training.drills import Words
from training.examples import Example

SHARE = 0.4
"""How many of the examples that may be varied are."""
REWORDED = 0.25
FORGOTTEN = 0.3
"""How often, of a task that is `SEEN`, no more than the last step is told."""
SEEN = re.compile(r"click-checkboxes|click-scroll-list|social-media-all|odd-or-even")
"""Tasks whose page shows all that was done, by how their names begin."""
QUOTED = re.compile(
    r"(login-user|enter-password|enter-text$|click-button|click-link|email-inbox-(reply|noscroll)"
    r"|form-sequence-[23]|sign-agreement|search-engine|navigate-tree|click-option)"
)
"""Tasks in which a quoted string means nothing but itself, by how their names begin."""
WAYS: Mapping[str, tuple[str, ...]] = {
    r"\bClick on the\b": ("Click the", "Press the", "Choose the", "Please click the", "Hit the"),
    r"\bClick on\b": ("Click", "Press", "Please click on", "Hit"),
    r"\bclick (on )?(?=Submit|the|Search)": ("press ", "hit ", "choose "),
    r"\b(press|hit) (?=Submit|submit)": ("click ", "press ", "hit ", "then press "),
    r"\bEnter the\b": ("Type the", "Fill in the", "Put in the", "Give the"),
    r"\bEnter\b": ("Type", "Write", "Put", "Fill in"),
    r"\bSelect\b": ("Choose", "Pick", "Mark"),
    r"\binto the text ?(field|box)\b": ("in the text box", "into the field", "in the input"),
    r"\bFind the email by\b": (
        "Look for the email from",
        "Open the mail from",
        "Take the email by",
    ),
    r"\bFind\b": ("Look for", "Search for", "Locate"),
}
"""What stands in a goal, as a pattern, and what may stand there as well."""


def varied(example: Example, rng: random.Random, words: Words) -> Example:
    """Say a share of the examples otherwise."""
    if QUOTED.match(example.task) and rng.random() < SHARE:
        example = requoted(example, rng, words)
    if example.task in ORACLES and rng.random() < REWORDED:
        example = replace(example, goal=reworded(example.goal, rng))
    if SEEN.match(example.task) and rng.random() < FORGOTTEN:
        example = replace(example, told=example.told[-1:])
    return example


def requoted(example: Example, rng: random.Random, words: Words) -> Example:
    """Put other strings in place of what the goal quotes, wherever they stand."""
    goal, lines, answer = example.goal, list(example.lines), example.answer
    told = list(example.told)
    for old in sorted(set(re.findall(r'"([^"]{2,})"', goal))):
        new = words.one(rng)
        goal, answer = goal.replace(f'"{old}"', f'"{new}"'), answer.replace(f'"{old}"', f'"{new}"')
        dots, fresh = f'"{"•" * len(old)}"', f'"{"•" * len(new)}"'
        lines = [x.replace(f'"{old}"', f'"{new}"').replace(dots, fresh) for x in lines]
        told = [x.replace(f'"{old}"', f'"{new}"') for x in told]
    return replace(example, goal=goal, lines=tuple(lines), told=tuple(told), answer=answer)


def reworded(goal: str, rng: random.Random) -> str:
    """Ask for the same in other words; what is quoted stays."""
    parts = re.split(r'("[^"]*")', goal)
    for pattern, ways in WAYS.items():
        way = rng.choice(ways)
        if rng.random() < 0.7:
            parts[::2] = [re.sub(pattern, way, part) for part in parts[::2]]
    return "".join(parts)
