"""Facts by the line: how numbers compare, sums, spelling. What thoughts are made of (`thoughts`).

A task shows one fact a step, of hundreds; each is learned after many dozen times, and here a line
holds as many facts as steps would take thousands of tokens to show.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from training.drills import Words
from training.examples import Example
from training.listings import absent, akin, last_letters, places, synonyms, told_ending
from training.scene import Offer, apart, casing, chosen, held, months, parity, result, same, so
from training.thoughts import LAST_WORDS, paged

ENDINGS = ("py", "rb", "gif", "zip", "html", "tar.gz", "png", "txt", "sh", "jpg", "gpg", "json")
FACTS = 16
"""Facts of a line."""


def facts(rng: random.Random, words: Words) -> Example:
    """A line of facts of one kind."""
    make = rng.choice(KINDS)
    said = " , ".join(make(rng, words) for _ in range(FACTS))
    return Example(
        task=f"fact {make.__name__}",
        goal="Facts",
        lines=(),
        told=(),
        answer=f" {said}",
        thinks=True,
    )


def number(rng: random.Random) -> int:
    most = rng.choice((10, 20, 100, 200, 2_500))
    return rng.randint(-most if rng.random() < 0.2 else 0, most)


def compared(rng: random.Random, _: Words) -> str:
    a = number(rng)
    near = a + rng.choice((0, 0, 0, *range(-12, 13))) if rng.random() < 0.5 else number(rng)
    return f"{a} to {near} : {apart(a, near)}"


def kept(rng: random.Random, _: Words) -> str:
    most, front = rng.choice((20, 60, 2_500)), rng.choice(("", "", "$", "$", "€"))
    numbers = [rng.randint(0, most) for _ in range(rng.randint(3, 6))]
    asked = rng.choice(("greatest", "smallest", "cheapest", "highest", "lowest"))
    greatest = asked in ("greatest", "highest")
    places = [*range(2, 8)] if front and rng.random() < 0.5 else [None] * len(numbers)
    offers = [Offer(f"{front}{n}", n, number=at) for n, at in zip(numbers, places, strict=False)]
    return chosen(offers, asked, greatest)


def lasting(rng: random.Random, _: Words) -> str:
    """The shortest or the longest of what has a price."""
    spans = [(rng.randint(0, 35), rng.randint(0, 59)) for _ in range(rng.randint(2, 4))]
    offers = [
        Offer(f"{h}h {m}m", 60 * h + m, f"${rng.randint(1, 1_999)}", number)
        for number, (h, m) in enumerate(spans, 2)
    ]
    asked = rng.choice(("shortest", "longest"))
    return chosen(offers, asked, asked == "longest")


def equal(rng: random.Random, words: Words) -> str:
    """Whether two names are the same."""
    front, name = rng.choice(("", "@", "@")), words.one(rng)
    other = name if rng.random() < 0.4 else words.one(rng)
    if rng.random() < 0.2:
        other = name[: rng.randint(1, len(name))] + words.one(rng)[-2:]
    return same(f"{front}{other}", f"{front}{name}")


def beside(rng: random.Random, words: Words) -> str:
    """A row's parts beside what is sought, up to the first that differs."""
    there = [_part(rng, words) for _ in range(rng.randint(1, 3))]
    differs = rng.randrange(len(there)) if rng.random() < 0.6 else len(there)
    sought = [_part(rng, words) if at == differs else each for at, each in enumerate(there)]
    return (
        f"{' , '.join(sought)} : {rng.randint(1, 50)} {', '.join(there)} : {_held(there, sought)}"
    )


def _held(there: list[str], sought: list[str]) -> str:
    return held(zip(there, sought, strict=True))


def _part(rng: random.Random, words: Words) -> str:
    return str(rng.randint(1, 60)) if rng.random() < 0.3 else words.phrase(rng)


def odd(rng: random.Random, _: Words) -> str:
    n = rng.randint(-12, 20)
    return f"{n} {parity(n)}"


def summed(rng: random.Random, _: Words) -> str:
    how = rng.choice("+-x")
    return result(rng.randint(0, 10), how, rng.randint(0, 10))


def solved(rng: random.Random, _: Words) -> str:
    return result(rng.randint(-110, 110), rng.choice("+-"), rng.randint(0, 10))


def cased(rng: random.Random, words: Words) -> str:
    word = words.one(rng)
    a, b = (word.lower(), word.upper()) if rng.random() < 0.5 else (word.upper(), word.lower())
    return f"{a} : {casing(a, b)}"


def named(rng: random.Random, words: Words) -> str:
    """Whether a file's name ends so, or has no ending where none is sought."""
    name, ending = words.one(rng).lower(), rng.choice((*(f".{e}" for e in ENDINGS), ""))
    own = ending if rng.random() < 0.4 else rng.choice((*(f".{e}" for e in ENDINGS), ""))
    return f"{ending or '.'} : {told_ending(f'{name}{own}', ending)}"


def ended(rng: random.Random, words: Words) -> str:
    """The last letters of a name."""
    name = words.phrase(rng) if rng.random() < 0.7 else words.one(rng)
    return last_letters(name, rng.randint(2, 4))


def month(rng: random.Random, _: Words) -> str:
    a, b = rng.randrange(12), rng.randrange(12)
    return months(a + 1, b + 1)


def similar(rng: random.Random, _: Words) -> str:
    word = rng.choice(rng.choice([row for row in synonyms() if len(row) > 1]))
    return f"{word} : {absent(akin(word))}".strip()


def flown(rng: random.Random, _: Words) -> str:
    """A place that one flies to, with its code."""
    return rng.choice(places())


def last_of(rng: random.Random, words: Words) -> str:
    """The last word of a text."""
    said = [words.one(rng) for _ in range(LAST_WORDS)]
    end = rng.choice((".", ".", "", "!"))
    return so([f'{" ".join(said)}{end}"'], said[-1])


def placed(rng: random.Random, _: Words) -> str:
    return paged(rng.randint(1, 9))


KINDS: tuple[Callable[[random.Random, Words], str], ...] = (
    compared, compared, compared, compared, kept, kept, kept, kept, lasting, lasting, lasting,
    odd, summed, summed, solved, solved, cased, cased, named, ended, ended, ended, month,
    similar, similar, similar, equal, equal, equal, equal, beside, beside, beside, beside, placed,
    flown, flown, last_of,
)  # fmt: skip
