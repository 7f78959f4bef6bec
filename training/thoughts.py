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

from training.errands import errand
from training.examples import Example
from training.listings import dishes, listed, posts, sought, suggested
from training.scene import (
    MONTHS,
    NEXT,
    Scene,
    apart,
    casing,
    chosen,
    months,
    parity,
    result,
    sign,
    spelled,
)

ICONS = {
    "disk": "Save", "play": "Play", "stop": "Stop", "seek-start": "Prev", "seek-end": "Next",
    "zoomin": "Zoom In", "zoomout": "Zoom Out", "print": "Print...",
}  # fmt: skip
PLAYBACK = ("Prev", "Stop", "Play", "Next")
LONGEST = 30
"""Letters of what is said before it is typed."""
RESULTS = 3
"""Search results of a page."""


def thoughtful(example: Example) -> Example:
    """Put a thought before the answer, on a line of its own; before `finish` it is empty.

    Where a list can be worked off in any order, it is worked off in the goal's, and the answer
    becomes what the thought comes to.
    """
    if example.format != "web" or example.thinks:
        return example
    scene, said = Scene(example=example), ""
    answer = example.answer
    if scene.tool not in ("finish", "wait", "back"):
        said = next((found for rule in RULES if (found := rule(scene))), "")
        said, _, number = said.partition(NEXT)
        entry = next((e for e in scene.page if number and e.number == int(number)), None)
        if entry is not None and scene.tool == "click" and scene.target in scene.alike(entry):
            answer = f" click {entry.quoted} {number}"
        name = said.rpartition(" , ")[2].removesuffix(" wrong")
        if scene.tool == "select" and scene.target and name in scene.target.options:
            answer = re.sub(r'"[^"]*"$', lambda _: f'"{name}"', answer)
    letters = bool(re.fullmatch(r"(?:\d+ \S \S ?)+", said)) and scene.tool == "fill"
    said = f" {said}" if said else ""
    return replace(example, answer=f"{said}\n>{answer}", thinks=True, letters=letters)


def _counted(scene: Scene) -> str:
    """The words of a text up to the one that is asked for."""
    asked = re.search(r"the (?:(\d+)\w\w|last) word", scene.goal)
    texts = scene.texts() or [e.name for e in scene.of("textbox")]
    if not asked or scene.tool != "fill" or not any(texts):
        return ""
    words = [w.strip(".,") for w in max(texts, key=len).split()]
    said = " ".join(f"{i} {w}" for i, w in enumerate(words[: int(asked[1] or 99)], 1))
    return f"{asked[1] or 'last'} : {said}"


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
            said.append(f"{entry.name} {right} {near.number}{' on' * near.on}")
            if not near.on:
                break
    return " , ".join(said)


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
    named = [re.fullmatch(r"(?:.*[$€ ])?(-?\d+)", e.name) for e in targets]
    numbers = [m[1] for m in named if m]
    if by_time:
        spans = [re.fullmatch(r"(\d+)h (\d+)m", text) for text in scene.texts()]
        hours = [m[1] for m in spans if m]
        minutes = [f"{m[1]}{int(m[2]):02d}" for m in spans if m]
        numbers = hours if len({*hours}) == len(hours) else minutes
    if len(numbers) < 2 or len(numbers) != len(targets) or scene.target not in targets:
        return ""
    return f"{chosen(numbers, most)} at {scene.target.number}"


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
    """Of a form, which boxes were filled in; then what comes into the next, or which stay empty.

    What stands in a box from the start is left unsaid: it may have to be replaced.
    """
    boxes, target = scene.of("textbox"), scene.target
    if len(boxes) < 2 or target is None or any(e.covered for e in boxes):
        return ""
    filled = [e for e in boxes if e.value and f"fill {e.quoted}" in scene.example.told]
    on = [f"{e.name or 'box'} {_short(e.value)} on" for e in filled if e is not target]
    if scene.tool == "fill" and target in boxes and target.name:
        return " , ".join([*on, f"{target.name} = {_short(scene.argument)}"])
    if on and scene.tool == "click" and target.role == "button":
        return " , ".join([*on, *(f"{e.name or 'box'} not" for e in boxes if not e.value)])
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
    far = " far" if scene.argument.startswith("Page") else ""
    return f"{apart(now, match[1])}{far}"


def _typed(scene: Scene) -> str:
    """A terminal's command, what of it is there, and what comes next."""
    typed = re.fullmatch(r"user\$ (.*) ?█", next(iter(scene.texts()[-1:]), ""))
    if not typed:
        return ""
    listed = scene.texts()[:-1]
    at = next((i for i, text in enumerate(listed) if text == "user$ ls"), None)
    extension = re.search(r"extension (\.\S+)", scene.goal)
    command = "ls"
    if at is not None and at + 1 < len(listed):
        seen = list[str]()
        for file in listed[at + 1].split():
            seen.append(file)
            if file.endswith(extension[1]) if extension else "." not in file:
                break
        command = f"{extension[1] if extension else 'none'} : {' '.join(seen)} ; rm {seen[-1]}"
    order = command.rpartition(" ; ")[2]
    if scene.argument == "Backspace":
        return f"{command} : {spelled(order)} / {spelled(typed[1].strip())} wrong"
    return f"{command} : {spelled(order)} / {spelled(typed[1].rstrip())}"


def _ordinal(scene: Scene) -> str:
    """The box that a form asks for by its place; before it, how far its slider is."""
    match = re.search(r"the (\d)\w\w checkbox", scene.goal)
    boxes = scene.of("checkbox")
    slid = _slid(scene)
    if not match or not boxes or (slid and "=" not in slid):
        return ""
    said = [f"{e.number}{' on' * e.on}" for e in boxes[: int(match[1])]]
    return f"{slid} ; " * bool(slid) + f"{match[1]} : {' '.join(said)}"


def _widget(scene: Scene) -> str:
    """The line of the kind of element that is asked for."""
    match = re.fullmatch(r'Click on a "(.*)" widget\.', scene.goal)
    if not match or scene.target is None or scene.target.number is None:
        return ""
    kind = "multiline" if scene.target.multiline else scene.target.role
    return f"{kind} {scene.target.quoted} {scene.target.number}"


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
    _counted, _summed, _odd_or_even, _generated, _cased, _best, _contact, _menu, _ordinal, _slid,
    _typed, _widget, _result, _month, listed, posts, dishes, sought, suggested, errand,
    _read_off, _filled_in,
)  # fmt: skip
