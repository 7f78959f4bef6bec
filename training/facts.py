"""Facts in a row: sums, spellings, comparisons, each as short as it can be told.

A page each would take five to ten times the tokens, and what they need is many of them: a policy
that had seen 425 pages of numbers to compare compared no better than by chance, and one that had
seen 6,600 sums of this kind got 92 % of them right.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from training.drills import Words
from training.skills import BY_PRICE, PLACES

Piece = tuple[str, str]
"""What is read, and what is answered to it."""
FACTS = 14
"""Facts of a sequence, about."""
SUFFIXES = ("png", "py", "html", "txt", "rb", "tar.gz", "gif", "zip", "js", "css", "md", "sh")


def facts(rng: random.Random, words: Words) -> list[Piece]:
    """Many facts of all kinds, in a row."""
    pieces = list[Piece]()
    while len(pieces) < FACTS:
        pieces += rng.choice(KINDS)(rng, words)
    return pieces


def sums(rng: random.Random, _: Words) -> list[Piece]:
    a, b, sign = rng.randint(0, 10), rng.randint(0, 10), rng.choice("+-x")
    result = {"+": a + b, "-": a - b, "x": a * b}[sign]
    return [(f'\n fill "{a} {sign} {b} =" 1', f' "{result}"')]


def equations(rng: random.Random, _: Words) -> list[Piece]:
    a, x = rng.randint(0, 10), rng.randint(-99, 99)
    shown, result = rng.choice((
        (f"x + {a}", x + a), (f"x - {a}", x - a), (f"{a} + x", a + x), (f"{a} - x", a - x),
    ))  # fmt: skip
    return [(f'\ntext "{shown} = {result}"\n fill "x =" 1', f' "{x}"')]


def letters(rng: random.Random, words: Words) -> list[Piece]:
    word, upper = words.one(rng), rng.random() < 0.5
    shown = rng.choice((word, word.lower() if upper else word.upper()))
    case, typed = ("upper", word.upper()) if upper else ("lower", word.lower())
    return [(f'\nType "{shown}" in all {case} case letters\n fill "" 1', f' "{typed}"')]


def asked_number(rng: random.Random) -> tuple[str, int, bool]:
    """What number is asked for, one that is there, and whether it will do."""
    number, limit = rng.randint(0, 10), rng.randint(0, 10)
    asked, good = rng.choice((
        ("an even number", number % 2 == 0), ("an odd number", number % 2 == 1),
        (f"a number less than {limit}", number < limit),
        (f"a number greater than {limit}", number > limit),
    ))  # fmt: skip
    return asked, number, good


def comparisons(rng: random.Random, _: Words) -> list[Piece]:
    asked, number, good = asked_number(rng)
    answer = ' click "Submit" 2' if good else ' click "Generate" 1'
    return [(f'\nGenerate {asked}, then press submit.\ntext "{number}"\n>', answer)]


def parities(rng: random.Random, _: Words) -> list[Piece]:
    number = rng.randint(-10, 10)
    answer = ' click "Odd"' if number % 2 else ' click "Even"'
    return [(f'\nbutton "Odd"\ntext "{number}"\nbutton "Even"\n>', answer)]


def slider_key(off: int) -> str:
    """The key that moves a slider towards a value `off` from where it is."""
    way = ("PageUp", "ArrowRight") if off > 0 else ("PageDown", "ArrowLeft")
    return way[0 if abs(off) > 10 else 1]


def moves(rng: random.Random, _: Words) -> list[Piece]:
    low = rng.choice((-100, -50, -10, 0, 0, 50))
    value, target = (rng.randint(low, low + rng.choice((20, 100, 150))) for _ in range(2))
    target = rng.choice((target, value + rng.randint(-12, 12)))
    off = target - value
    answer = f' press "" 1 "{slider_key(off)}"' if off else ' click "Submit" 2'
    return [(f'\nSelect {target} with the slider.\ntext "{value}"\n>', answer)]


def places(rng: random.Random, words: Words) -> list[Piece]:
    said = [rng.choice(words.words).lower() for _ in range(rng.randint(3, 12))]
    at = rng.randrange(len(said))
    text = " ".join(word + rng.choice(("", "", "", ",", ".")) for word in said)
    return [(f'\nFind the {PLACES[at]} word\ntext "{text}"\n fill "" 1', f' "{said[at]}"')]


def durations(rng: random.Random, _: Words) -> list[Piece]:
    spans = [(rng.randint(0, 29), rng.randint(0, 59)) for _ in range(rng.randint(3, 4))]
    prices = rng.sample(range(100, 1_600), k=len(spans))
    best: list[tuple[str, int]] = [
        ("shortest duration", spans.index(min(spans))),
        ("longest duration", spans.index(max(spans))),
        *((way, prices.index(pick(prices))) for way, pick in BY_PRICE[:2]),
    ]
    said, at = rng.choice(best)
    lines = "".join(
        f'\ntext "{hours}h {minutes}m"\nbutton "Book for ${price}" {n}'
        for n, ((hours, minutes), price) in enumerate(zip(spans, prices, strict=True), 1)
    )
    answer = f' click "Book for ${prices[at]}" {at + 1}'
    return [(f"\nBuy the ticket with the {said}.{lines}\n>", answer)]


def spellings(rng: random.Random, words: Words) -> list[Piece]:
    """A file's name, key by key."""
    suffix, *others = rng.sample(SUFFIXES, k=rng.randint(2, 4))
    name = f"{words.one(rng).lower()[:9]}.{suffix}"
    files = [f"{words.one(rng).lower()[:9]}.{each}" for each in others] + [name]
    rng.shuffle(files)
    before = f'\na file ending with the extension .{suffix}\ntext "{" ".join(files)}"'
    pieces = list[Piece]()
    for at, key in enumerate([*name, "Enter"]):
        typed = f"user$ rm {name[:at]}".rstrip()
        pieces.append((f'{before if not at else ""}\ntext "{typed}"\n>', f' press "{key}"'))
    return pieces


KINDS: Sequence[Callable[[random.Random, Words], list[Piece]]] = (
    sums, equations, equations, equations, letters, letters, comparisons, comparisons, parities,
    moves, places, places, durations, durations, spellings,
)  # fmt: skip
"""Each as often as it stands here."""
