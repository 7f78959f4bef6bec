"""Made-up pages are answered as their goals ask, and made-up facts are so."""

import random
import re
from collections import Counter

from flyball.agents.compact import decode
from flyball.tools.page import parse
from training.drills import Words
from training.judgements import facts, judgement

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


def test_facts_are_so():
    rng = random.Random(5)
    for read, answered in (piece for _ in range(100) for piece in facts(rng, WORDS)):
        said = answered.strip().strip('"')
        if sum_ := re.match(r'\n fill "(\d+) ([-+x]) (\d+) ="', read):
            a, sign, b = int(sum_[1]), sum_[2], int(sum_[3])
            assert int(said) == {"+": a + b, "-": a - b, "x": a * b}[sign]
        elif equation := re.match(r'\ntext "(\S+) ([-+]) (\S+) = (\S+)"', read):
            left, right = (int(said if x == "x" else x) for x in (equation[1], equation[3]))
            assert left + (right if equation[2] == "+" else -right) == int(equation[4])
        else:
            assert said == (said.upper() if "upper" in read else said.lower())
