"""What one step looks like before it is carried out: what is seen, done, thought and said."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from flyball.records import Action, Observation, Step

MOST_CELLS = 3
"""Lines after an element that may belong to it."""
VOICES = frozenset({"governor", "human"})
"""Sources of observations that say something and show nothing."""
LONGEST_VIEW = 12_000
"""Characters of an observation that are looked at: the same from its start and its end."""
COMMON = frozenset(
    {"a", "an", "and", "are", "as", "at", "be", "by", "do", "for", "from", "has", "in", "into"}
    | {"is", "it", "its", "of", "on", "or", "that", "the", "then", "this", "to", "was", "with"}
    | {"you", "your"}
)
"""Words that tell nothing about a goal."""

_WORD = re.compile(r"\w+")
_QUOTED = re.compile(r'"([^"]+)"')
_DATE = re.compile(r"\b(?:(\d{1,2})/\d{1,2}/\d{4}|\d{4}-(\d{2})-\d{2})\b")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_SHOWN_MONTH = re.compile(rf"\b({'|'.join(_MONTHS)}) \d{{4}}\b")
"""A month as the head of a calendar says it."""
_COMPOUND = re.compile(r"\d\w*(?:[/:.-]\w+)+|(?<![.?!:] )(?<!^)\b[A-Z]\w*(?: [A-Z]\w*)+")
"""A date, a time, a price, or a name of several words."""
_NAMED = re.compile(r"\w*\d\w*|(?<![.?!:] )(?<!^)\b[A-Z]\w*")
_ELEMENT = re.compile(r'^([a-z]+ "[^"]*") (\d+)(?: = "([^"]*)")?(.*)$', re.MULTILINE)
_NUMBER = re.compile(r'(?<=") \d+')


def words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def telling(text: str) -> frozenset[str]:
    """The words of a text that tell something."""
    return words(text) - COMMON


def shared(a: AbstractSet[str], b: AbstractSet[str]) -> float | None:
    """The share of `a` that is in `b`; unknown for an empty `a`."""
    return len(a & b) / len(a) if a else None


def similarity(a: AbstractSet[str], b: AbstractSet[str]) -> float | None:
    """Jaccard's: what both hold over what either holds; unknown where both are empty."""
    return len(a & b) / len(a | b) if a or b else None


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What the task asks for, in words and in quotes."""

    words: frozenset[str]
    quotes: frozenset[str]
    facts: frozenset[str]
    """The words that are this task's own: quoted, with a digit, or written as names are."""
    compounds: tuple[frozenset[str], ...] = ()
    """The same that are of several words, such as a date, which may be met by half."""
    months: frozenset[str] = frozenset()
    """The months of its dates, by name."""

    @classmethod
    def read(cls, prompt: str) -> Goal:
        quoted = _QUOTED.findall(prompt)
        named = " ".join((*quoted, *_NAMED.findall(prompt)))
        compounds = (words(each) for each in (*quoted, *_COMPOUND.findall(prompt)))
        numbers = (int(american or iso) for american, iso in _DATE.findall(prompt))
        return cls(
            words=telling(prompt),
            quotes=frozenset(quote.casefold() for quote in quoted),
            facts=telling(named),
            compounds=tuple(dict.fromkeys(each for each in compounds if len(each) > 1)),
            months=frozenset(_MONTHS[at - 1] for at in numbers if 1 <= at <= len(_MONTHS)),
        )


class Element:
    """A numbered line of a page."""

    __slots__ = ("label", "number", "states", "value")

    def __init__(self, label: str, number: str, value: str, states: str) -> None:
        self.label = label
        self.number = number
        self.value = value
        self.states = states

    @property
    def on(self) -> bool:
        return self.states.startswith(" on")


class View:
    """What is seen. Each part is worked out when it is asked for, and once."""

    def __init__(self, text: str) -> None:
        half = LONGEST_VIEW // 2
        self.text = text if len(text) <= LONGEST_VIEW else f"{text[:half]}\n{text[-half:]}"
        self.mark = hash(text)
        """Tells views apart; the whole text counts."""
        self.characters = len(text)

    @cached_property
    def lines(self) -> frozenset[str]:
        """Lines without the elements' numbers, which change when something is added above."""
        return frozenset(_NUMBER.sub("", self.text).splitlines())

    @cached_property
    def words(self) -> frozenset[str]:
        return words(self.text)

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        return tuple(Element(*found) for found in _ELEMENT.findall(self.text))

    @cached_property
    def places(self) -> dict[str, tuple[str, frozenset[str]]]:
        """By its number, an element's role, and the words of its line and what belongs to it.

        These are the lines without a number that follow it, as a row's cells follow its link.
        """
        found = dict[str, tuple[str, list[str]]]()
        lines: list[str] = []
        for line in self.text.splitlines():
            if element := _ELEMENT.match(line):
                lines = [line]
                found[element[2]] = (line.partition(" ")[0], lines)
            elif len(lines) <= MOST_CELLS:
                lines.append(line)
        return {number: (role, telling(" ".join(said))) for number, (role, said) in found.items()}

    @cached_property
    def values(self) -> tuple[frozenset[str], ...]:
        """The words of what each field holds, of those that hold any."""
        found = (words(each.value) for each in self.elements if each.value)
        return tuple(value for value in found if value)

    @cached_property
    def months(self) -> frozenset[str]:
        """The months of the calendars that are shown, by name."""
        return frozenset(_SHOWN_MONTH.findall(self.text.lower()))

    @cached_property
    def held(self) -> frozenset[str]:
        """The words in fields, and of elements that are switched on."""
        values = (each.value for each in self.elements if each.value)
        marked = (each.label for each in self.elements if each.on)
        return words(" ".join((*values, *marked)))


class Glance:
    """A step as it is judged: nothing that came of it is looked at."""

    def __init__(self, step: Step, before: Glance | None) -> None:
        self.step = step
        self.action: Action = step.action
        self.observation: Observation = step.observation
        self.speaks = step.observation.source in VOICES
        """Whether the observation says something and shows nothing: the view is the last."""
        self.view: View
        if before and (self.speaks or step.observation is before.observation):
            self.view = before.view
        else:
            self.view = View(step.observation.text)

    @cached_property
    def arguments(self) -> str:
        """What the action says, without where it says it."""
        given = (str(value) for name, value in self.action.arguments.items() if name != "element")
        return self.action.text if self.action.tool == "invalid" else " ".join(given)

    @cached_property
    def length(self) -> int:
        """How many words the action says."""
        return sum(1 for _ in _WORD.finditer(self.arguments))

    @cached_property
    def key(self) -> int:
        """Tells actions apart, whatever was thought about them."""
        if self.action.tool == "invalid":
            return hash(("invalid", self.action.text))
        return hash((self.action.tool, repr(sorted(self.action.arguments.items()))))

    @cached_property
    def words(self) -> frozenset[str]:
        return telling(self.arguments)

    @cached_property
    def thought(self) -> frozenset[str]:
        return telling(self.action.thought)

    @property
    def pair(self) -> tuple[int, int]:
        return (self.view.mark, self.key)
