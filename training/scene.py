"""One demonstrated step, taken apart; and how what is compared or counted is written down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from flyball.agents.marking import fitting
from flyball.tools.page import Entry, parse
from training.examples import Example

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
SO = " -> "
"""Parts what was noted from what it comes to: what stands last is what is done."""
NEXT = "\n"
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
        """What the prompt shows: what it leaves out cannot be thought of."""
        return parse("\n".join(fitting(self.goal, self.example.lines, closely=True)))

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

    @property
    def name(self) -> str:
        """What the answer acts on is called."""
        return self.target.name if self.target else ""

    def texts(self) -> list[str]:
        return [e.name for e in self.page if e.number is None]

    def of(self, *roles: str) -> list[Entry]:
        return [e for e in self.page if e.role in roles and e.number is not None]


def sign(a: object, b: object) -> str:
    """How two numbers compare: `17 45 <`."""
    x, y = int(str(a)), int(str(b))
    return f"{a} {b} {'<' if x < y else '>' if x > y else '='}"


def so(notes: Iterable[str], done: object) -> str:
    """What was noted, and what it comes to."""
    return f"{' , '.join(notes)}{SO}{done}".strip()


def apart(a: int, b: int) -> str:
    """How far two numbers are from each other, as a sum without signs, and how they compare.

    `45 - 17 = 28 , 17 < 45`; of two below nought, how they would compare above it comes first:
    `9 - 6 = 3 , 9 > 6 , -9 < -6`.
    """
    if a == b:
        return f"{a} = {b}"
    most, least = sorted((abs(a), abs(b)), reverse=True)
    how = "+" if (a < 0) != (b < 0) else "-"
    first = f"{abs(a)} {'>' if a < b else '<'} {abs(b)} , " if a < 0 and b < 0 else ""
    return f"{most} {how} {least} = {abs(a - b)} , {first}{a} {'<' if a < b else '>'} {b}"


def months(now: int, wanted: int) -> str:
    """How two months compare, by the name of the first: `June 06 11 <`."""
    return f"{MONTHS[now - 1]} {now:02d} {wanted:02d} {sign(now, wanted)[-1]}"


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


def same(said: str, wanted: str) -> str:
    """Two that are beside each other, and whether they are the same: `@al @bo no`."""
    return f"{said} {wanted} {'yes' if said == wanted else 'no'}"


def held(pairs: Iterable[tuple[str, str]]) -> str:
    """What is there beside what is sought, up to what differs: `52 / 52 , Rug / Tray no`."""
    said = list[str]()
    for there, wanted in pairs:
        said.append(f"{there} / {wanted}")
        if there != wanted:
            return f"{' , '.join(said)} no"
    return f"{' , '.join(said)} yes"


def parity(number: object) -> str:
    return "even" if int(str(number)) % 2 == 0 else "odd"


class Offer(NamedTuple):
    """One of several things, of which the greatest or the least is sought."""

    said: str
    value: int
    name: str = ""
    """What it is called, where that is not what is compared."""
    number: int | None = None

    @property
    def front(self) -> str:
        return f"{self.number} {self.said}" if self.number else self.said


def chosen(offers: Sequence[Offer], asked: str, most: bool) -> str:
    """Go through offers beside the best so far: `cheapest least : $9 , $12 > $9 , $3 < $9 -> $3`.

    `asked` is the goal's word, which tells what is compared, and `most` whether it is the greatest.
    One that becomes the best says its name as well: `3h 55m < 20h 49m $456`.
    """
    kept, *rest = offers
    said = [f"{kept.front} {kept.name}".strip()]
    for each in rest:
        how = "<" if each.value < kept.value else ">" if each.value > kept.value else "="
        compared = f"{each.front} {how} {kept.said}"
        if how == (">" if most else "<"):
            kept = each
            compared = f"{compared} {kept.name}".strip()
        said.append(compared)
    return f"{asked} {'most' if most else 'least'} : {so(said, kept.name or kept.said)}"
