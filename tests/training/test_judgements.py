"""Made-up pages are answered as their goals ask, and made-up facts are so."""

import random
import re
from collections import Counter

from flyball.agents.compact import decode
from flyball.tools.page import parse
from training.drills import Words
from training.facts import facts
from training.judgements import judgement

WORDS = Words(words=("bob", "maria", "tea", "Oslo", "blue"))


def test_a_judgement_is_an_action_that_its_page_allows_and_that_its_goal_asks_for():
    rng, tools = random.Random(4), Counter[str]()
    for _ in range(600):
        each = judgement(rng, WORDS)
        entries = parse("\n".join(each.lines))
        action = decode(each.answer, entries)
        tools[action.tool] += 1
        target, names = action.arguments.get("target", ""), [entry.name for entry in entries]
        if action.tool == "click":
            assert target in [entry.label for entry in entries]
        if each.goal.startswith("Find "):
            found = each.goal.split()[1] == names[0]
            assert (target != 'link ">"') == found
        if match := re.match(r"Generate a number (less|greater) than (\d+)", each.goal):
            number, limit = names[0], int(match[2])
            wanted = number != "-" and (
                int(number) < limit if match[1] == "less" else int(number) > limit
            )
            assert (target == 'button "Submit"') == wanted
        if match := re.match(r"Select (-?\d+) with the slider", each.goal):
            off = int(match[1]) - int(names[1])
            key = str(action.arguments.get("key", ""))
            assert (off > 0) == (key in ("PageUp", "ArrowRight"))
            assert (abs(off) > 10) == key.startswith("Page")
        if "extension" in each.goal and (typed := names[-1].removesuffix("█").strip()[9:]):
            suffix, key = each.goal.split("extension ")[1], str(action.arguments["key"])
            (wanted_file,) = (name for name in names[-2].split() if name.endswith(suffix))
            rest = wanted_file.removeprefix(typed)
            assert key == (rest[0] if rest else "Enter")
    assert set(tools) == {"click", "press"}


def sum_is(said, a, sign, b):
    return int(said) == {"+": int(a) + int(b), "-": int(a) - int(b), "x": int(a) * int(b)}[sign]


def equation_holds(said, left, sign, right, result):
    first, second = (int(said if each == "x" else each) for each in (left, right))
    return first + (second if sign == "+" else -second) == int(result)


def case_is(said, case):
    return said == (said.upper() if case == "upper" else said.lower())


def number_will_do(said, kind, limit, number):
    good = int(number) < int(limit) if kind == "less" else int(number) > int(limit)
    return ("Submit" in said) == good


def word_stands_there(said, place, text):
    return re.findall(r"\w+", text)[int(place) - 1] == said


def parity_is(said, number):
    return ("Odd" in said) == (int(number) % 2 == 1)


def duration_is(said, which, lines):
    spans = [int(h) * 60 + int(m) for h, m in re.findall(r"(\d+)h (\d+)m", lines)]
    return spans[int(said[-1]) - 1] == (min if which == "shortest" else max)(spans)


CHECKS = {
    r'\n fill "(\d+) ([-+x]) (\d+) ="': sum_is,
    r'\ntext "(\S+) ([-+]) (\S+) = (\S+)"': equation_holds,
    r"\nType .* in all (upper|lower) case": case_is,
    r'\nGenerate a number (less|greater) than (\d+).*\ntext "(\d+)"': number_will_do,
    r'\nFind the (\d+)\w\w word\ntext "(.*)"': word_stands_there,
    r'\nbutton "Odd"\ntext "(-?\d+)"': parity_is,
    r"\nBuy the ticket with the (shortest|longest) duration\.((?s:.)*)": duration_is,
}


def test_facts_are_so():
    rng, checked = random.Random(5), Counter[str]()
    for read, answered in (piece for _ in range(200) for piece in facts(rng, WORDS)):
        said = answered.strip()
        for pattern, holds in CHECKS.items():
            if match := re.match(pattern, read):
                assert holds(said.removeprefix('"').removesuffix('"'), *match.groups()), (
                    read,
                    said,
                )
                checked[pattern] += 1
    assert set(checked) == set(CHECKS)
