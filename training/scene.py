"""One demonstrated step, taken apart; and how what is compared or counted is written down."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flyball.tools.page import Entry, parse
from training.examples import Example

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
NEXT = " -> "
"""Parts a thought from the number of the element that it comes to, which is not said."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One step, taken apart."""

    example: Example

    @property
    def goal(self) -> str:
        return self.example.goal

    @cached_property
    def page(self) -> Sequence[Entry]:
        return parse("\n".join(self.example.lines))

    @property
    def tool(self) -> str:
        return self.example.answer.split()[0]

    @cached_property
    def target(self) -> Entry | None:
        """What the answer acts on."""
        match = re.match(r' \w+ "[^"]*" (\d+)', self.example.answer)
        return next((e for e in self.page if match and e.number == int(match[1])), None)

    @cached_property
    def argument(self) -> str:
        """What the answer types, chooses or presses."""
        match = re.search(r'"([^"]*)"$', self.example.answer)
        return match[1] if match else ""

    def alike(self, entry: Entry) -> list[Entry]:
        """The elements that stand for more of the same: the other boxes of a list."""
        return [e for e in self.of(entry.role) if entry.role == "checkbox" or e.name == entry.name]

    def texts(self) -> list[str]:
        return [e.name for e in self.page if e.number is None]

    def of(self, *roles: str) -> list[Entry]:
        return [e for e in self.page if e.role in roles and e.number is not None]


def sign(a: object, b: object) -> str:
    """How two numbers compare: `17 45 <`."""
    x, y = int(str(a)), int(str(b))
    return f"{a} {b} {'<' if x < y else '>' if x > y else '='}"


def apart(a: object, b: object) -> str:
    """How two numbers compare, and how far they are from each other: `17 45 < 28`."""
    return f"{sign(a, b)} {abs(int(str(a)) - int(str(b)))}"


def months(now: int, wanted: int) -> str:
    """How two months compare, by the name of the first: `June 06 11 <`."""
    return f"{MONTHS[now - 1]} {now:02d} {wanted:02d} {sign(now, wanted)[-1]}"


def spelled(word: str) -> str:
    """Letter by letter, each with its place, since letters repeat: `1 r 2 m 3 _ 4 m`."""
    return " ".join(f"{i} {letter}" for i, letter in enumerate(word.replace(" ", "_"), 1))


def casing(old: str, new: str) -> str:
    """Letter by letter: `1 l L 2 o O`."""
    return " ".join(f"{i} {a} {b}" for i, (a, b) in enumerate(zip(old, new, strict=False), 1))


def result(a: int, how: str, b: int) -> str:
    """A sum; where a sign is in the way, first that of what is left of it.

    `5 - 74 : 74 - 5 = 69 : -69`.
    """
    if how == "x":
        return f"{a} x {b} = {a * b}"
    whole = a + b if how == "+" else a - b
    if a >= 0 and b >= 0 and whole >= 0:
        return f"{a} {how} {b} = {whole}"
    added = b if how == "+" else -b
    most, least = sorted((abs(a), abs(b)), reverse=True)
    sum_of_both = (a < 0) == (added < 0)
    plain = f"{most} {'+' if sum_of_both else '-'} {least} = {abs(whole)}"
    return f"{a} {how} {b} : {plain} : {whole}"


def parity(number: object) -> str:
    return "even" if int(str(number)) % 2 == 0 else "odd"


def best(numbers: Sequence[str], most: bool) -> str:
    """Go through numbers and keep the best so far: `5 9 < 9 3 > 9`."""
    kept, said = numbers[0], list[str]()
    for number in numbers[1:]:
        said.append(sign(kept, number))
        if (int(number) > int(kept)) == most and number != kept:
            kept = number
    return " ".join([*said, kept])


def chosen(numbers: Sequence[str], most: bool) -> str:
    """All numbers, and which is kept: `least 5 9 3 : 5 9 < 5 3 > 3`."""
    return f"{'greatest' if most else 'least'} {' '.join(numbers)} : {best(numbers, most)}"
