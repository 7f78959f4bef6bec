"""What the strong policy says before it acts: what it read, counted or compared.

A small transformer that answers at once has one pass to find the facts, to compute with them and
to find the element. Facts that were first written next to each other make each of these a copy or
a short sum (Nye et al. 2021, "Show Your Work: Scratchpads for Intermediate Computation"). The
thoughts are worked out from the goal and the page by rules; where none fits, a step has no
thought, and the policy acts at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from training.errands import cleared, errand, planned
from training.examples import Example
from training.listings import airports, dishes, files, listed, posts, sought, suggested
from training.scene import (
    MONTHS,
    NEXT,
    SO,
    Offer,
    Scene,
    apart,
    casing,
    chosen,
    months,
    parity,
    result,
    sign,
    so,
)

ICONS = {
    "disk": "Save", "play": "Play", "stop": "Stop", "seek-start": "Prev", "seek-end": "Next",
    "zoomin": "Zoom In", "zoomout": "Zoom Out", "print": "Print...",
}  # fmt: skip
PLAYBACK = ("Prev", "Stop", "Play", "Next")
LONGEST = 30
"""Letters of what is said before it is typed."""
LAST_WORDS = 5
RESULTS = 3
"""Search results of a page."""


def thoughtful(example: Example) -> Example:
    """Put a thought before the answer, on a line of its own; it may be empty.

    Where a list can be worked off in any order, it is worked off in the goal's, and the answer
    becomes what the thought comes to. What is done stands last in it, after an arrow, wherever
    more than one thing is noted: of several names the policy would else as soon take the first.
    """
    if example.format != "web" or example.thinks:
        return example
    scene, answer = Scene(example=example), example.answer
    rules = (cleared, planned, sought) if scene.tool in ("finish", "wait", "back") else RULES
    said = next((found for rule in rules if (found := rule(scene))), "")
    said, _, number = said.partition(NEXT)
    entry = next((e for e in scene.page if number and e.number == int(number)), None)
    if entry is not None and scene.tool == "click" and scene.target in scene.alike(entry):
        answer = f" click {entry.quoted} {number}"
    name = said.rpartition(SO)[2]
    if scene.tool == "select" and scene.target and name in scene.target.options:
        answer = re.sub(r'"[^"]*"$', lambda _: f'"{name}"', answer)
    letters = bool(re.fullmatch(r"(?:\d+ \S \S ?)+", said)) and scene.tool == "fill"
    said = f" {said}" if said else ""
    return replace(example, answer=f"{said}\n>{answer}", thinks=True, letters=letters)


def _counted(scene: Scene) -> str:
    """The words of a text up to the one that is asked for, counted down: it ends at one."""
    asked = re.search(r"the (\d+)\w\w word", scene.goal)
    texts = scene.texts() or [e.name for e in scene.of("textbox")]
    if not asked or scene.tool != "fill" or not any(texts):
        return ""
    words, left = [w.strip(".,") for w in max(texts, key=len).split()], int(asked[1])
    said = " ".join(f"{left - i} {word}" for i, word in enumerate(words[: left - 1]))
    return so([f"{said} 1".strip()], words[left - 1]) if left <= len(words) else ""


def _last(scene: Scene) -> str:
    """The end of a text whose last word is asked for: from anywhere near it, it is read on to."""
    shown = [e.value for e in scene.of("textbox") if e.multiline and e is not scene.target]
    if "the last word" not in scene.goal or scene.tool != "fill" or not any(shown):
        return ""
    return so([" ".join(shown[0].split()[-LAST_WORDS:]) + '"'], scene.argument)


def _summed(scene: Scene) -> str:
    if scene.tool != "fill":
        return ""
    for name in (scene.target.name if scene.target else "", *scene.texts()):
        if match := re.fullmatch(r"(-?\d+) ([-+x]) (-?\d+) =", name):
            return result(int(match[1]), match[2], int(match[3]))
        if match := re.fullmatch(r"(-?\d+|x) ([-+]) (-?\d+|x) = (-?\d+)", name):
            left, how, right, whole = match.groups()
            if left == "x":
                return "x = " + result(int(whole), "-" if how == "+" else "+", int(right))
            if how == "+":
                return "x = " + result(int(whole), "-", int(left))
            return "x = " + result(int(left), "-", int(whole))
    return ""


def _odd_or_even(scene: Scene) -> str:
    """Row by row, up to the first whose button is not pressed."""
    if not re.search(r"as odd or even", scene.goal):
        return ""
    said = list[str]()
    for at, entry in enumerate(scene.page):
        if entry.number is None and re.fullmatch(r"-?\d+", entry.name):
            right = parity(entry.name)
            near = scene.page[at - 1] if right == "odd" else scene.page[at + 1]
            said.append(f"{entry.name} {right}{' on' * near.on}")
            if not near.on:
                return so(said, f"{near.name} {near.number}")
    return so(said, scene.name)


def _generated(scene: Scene) -> str:
    match = re.search(r"Generate an? (odd|even|number (greater|less) than (\d+))", scene.goal)
    number = next((t for t in scene.texts() if re.fullmatch(r"-?\d+", t)), None)
    if not match or number is None:
        return ""
    if not match[2]:
        return f"{match[1]} {number} {parity(number)}"
    return f"{match[2]} {sign(number, match[3])}"


def _cased(scene: Scene) -> str:
    match = re.search(r"in (?:all )?(upper|lower) case", scene.goal)
    if not match or scene.tool != "fill":
        return ""
    upper = match[1] == "upper"
    other = str.lower if upper else str.upper
    found = re.findall(rf"\b{re.escape(other(scene.argument))}\b", scene.goal)
    old = found[0] if found else scene.argument
    return casing(old, scene.argument)


def _best(scene: Scene) -> str:
    """The greatest, the cheapest, the shortest."""
    goal = scene.goal.lower()
    match = re.search(
        r"greatest|highest|most expensive|longest|smallest|lowest|cheapest|shortest", goal
    )
    calendar = any(e.name in ("Prev", "Next") for e in scene.page)
    if not match or scene.tool != "click" or scene.target is None or calendar:
        return ""
    by_time = match[0] in ("longest", "shortest")
    most = match[0] in ("greatest", "highest", "most expensive", "longest")
    targets = [e for e in scene.of(scene.target.role) if re.search(r"\d", e.name)]
    named = [re.fullmatch(r"(?:.* )?(\D?(-?\d+))", e.name) for e in targets]
    offers = [Offer(m[1], int(m[2])) for m in named if m]
    if by_time:
        spans = [m for t in scene.texts() if (m := re.fullmatch(r"(\d+)h (\d+)m", t))]
        offers = [
            Offer(span[0], 60 * int(span[1]) + int(span[2]), each.said)
            for span, each in zip(spans, offers, strict=False)
        ]
    if any(e.name == "Duration:" for e in scene.page):
        # What is far apart on the page is found by its number.
        offers = [o._replace(number=e.number) for o, e in zip(offers, targets, strict=False)]
    if len(offers) < 2 or len(offers) != len(targets) or scene.target not in targets:
        return ""
    return chosen(offers, match[0], most)


def _contact(scene: Scene) -> str:
    match = re.fullmatch(r"Find (\S+) in the contact book and click on their (.*)\.", scene.goal)
    heading = next((e.name for e in scene.page if e.role == "heading"), "")
    if not match or not heading:
        return ""
    return f"{match[1]} {heading} " + (f"yes {match[2]}" if match[1] == heading else "no")


def _read_off(scene: Scene) -> str:
    """The row of a table that the goal names, with its value."""
    if scene.tool != "fill" or not scene.argument:
        return ""
    rows = (text for text in scene.texts() if text.endswith(f" | {scene.argument}"))
    return next((row for row in rows if row.partition(" | ")[0] in scene.goal), "")


def _filled_in(scene: Scene) -> str:
    """Of a form, which boxes were filled in, and which stay empty; then what comes next.

    What stands in a box from the start is left unsaid: it may have to be replaced.
    """
    boxes, target = scene.of("textbox"), scene.target
    if len(boxes) < 2 or target is None or any(e.covered for e in boxes):
        return ""
    filled = [e for e in boxes if e.value and f"fill {e.quoted}" in scene.example.told]
    on = [f"{e.name or 'box'} {_short(e.value)} on" for e in filled if e is not target]
    if scene.tool == "fill" and target in boxes and target.name:
        return so(on, f"{target.name} = {_short(scene.argument)}")
    if on and scene.tool == "click" and target.role == "button":
        return so([*on, *(f"{e.name or 'box'} not" for e in boxes if not e.value)], target.name)
    return ""


def _short(text: str) -> str:
    """What is written in a box, where it is not too long and can be seen."""
    return text if len(text) <= LONGEST and "•" not in text else ""


def _menu(scene: Scene) -> str:
    match = re.search(r'item (?:labeled "(.*)"|with the (.*) icon)', scene.goal)
    if not match:
        return ""
    name = match[1] or ICONS.get(match[2], "")
    return f"{name}{' in Playback' * (name in PLAYBACK)}"


def _slid(scene: Scene) -> str:
    """How the number beside a slider compares with the one that it is to show."""
    match = re.search(r"Select (-?\d+) with the slider", scene.goal)
    now = next((t for t in scene.texts() if re.fullmatch(r"-?\d+", t)), None)
    if not match or now is None:
        return ""
    both = f"{now} to {match[1]}"
    return f"{both} : {so([apart(int(now), int(match[1]))], scene.argument or scene.name)}"


def _ordinal(scene: Scene) -> str:
    """The box that a form asks for by its place, counted down; before it, where its slider is."""
    match = re.search(r"the (\d)\w\w checkbox", scene.goal)
    boxes, slid = scene.of("checkbox"), _slid(scene).partition(SO.rstrip())[0]
    if not match or not boxes or " , " in slid:
        return ""
    left = int(match[1])
    said = [f"{left - i} at {e.number}{' on' * e.on}" for i, e in enumerate(boxes[:left])]
    done = scene.target.number if scene.target in boxes else scene.name
    return f"{slid} ; " * bool(slid) + so(said, done)


def _widget(scene: Scene) -> str:
    """The kinds of the elements, up to the first that is of the one that is asked for."""
    match = re.fullmatch(r'Click on a "(.*)" widget\.', scene.goal)
    if not match or scene.target is None:
        return ""
    said = list[str]()
    for each in (e for e in scene.page if e.number is not None):
        kind = f"{each.number} {each.role}{' multiline' * each.multiline} {match[1]}"
        said.append(f"{each.quoted} {kind} {'yes' if each is scene.target else 'no'}")
        if each is scene.target:
            break
    return so(said, f"{scene.target.quoted} {scene.target.number}")


def paged(number: int) -> str:
    """On which page of results one is, and where: `5 is 2 of 2`."""
    whole, rest = divmod(number - 1, RESULTS)
    return f"{number} is {rest + 1} of {whole + 1}"


def _result(scene: Scene) -> str:
    match = re.search(r"the (\d+)\w\w search result", scene.goal)
    page = next((e.name for e in scene.of("link") if e.on), None)
    if not match or page is None or scene.tool != "click" or scene.target in scene.of("button"):
        return ""
    place = paged(int(match[1]))
    return f"{place} ; {sign(page, place.split()[-1])}"


def _month(scene: Scene) -> str:
    """How the month that a calendar shows compares with the goal's."""
    match = re.search(r"(\d+)/(\d+)/(\d{4})", scene.goal)
    shown = [w for t in scene.texts() if re.fullmatch(r"\w+ \d{4}", t) for w in [t.split()[0]]]
    if not match or not shown or shown[0] not in MONTHS:
        return ""
    if scene.target is None or not re.fullmatch(r"Prev|Next|\d+", scene.target.name):
        return ""
    now, wanted = MONTHS.index(shown[0]) + 1, int(match[1])
    return months(now, wanted) + f" {int(match[2])}" * (now == wanted)


RULES: Sequence[Callable[[Scene], str]] = (
    _counted, _last, _summed, _odd_or_even, _generated, _cased, _best, _contact, _menu, _ordinal,
    _slid, airports, files, _widget, _result, _month, listed, posts, dishes, sought, suggested,
    errand, _read_off, _filled_in, planned,
)  # fmt: skip
