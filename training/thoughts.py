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
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files

from flyball.tools.page import Entry, parse
from training.examples import Example

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
ICONS = {
    "disk": "Save", "play": "Play", "stop": "Stop", "seek-start": "Prev", "seek-end": "Next",
    "zoomin": "Zoom In", "zoomout": "Zoom Out", "print": "Print...",
}  # fmt: skip
PLAYBACK = ("Prev", "Stop", "Play", "Next")
NEXT = " -> "
"""Parts a thought from the number of the element that it comes to, which is not said."""
RESULTS = 3
"""Search results of a page."""


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
    letters = bool(re.fullmatch(r" (?:(\S) (\S) ?)+", f" {said}")) and scene.tool == "fill"
    said = f" {said}" if said else ""
    return replace(example, answer=f"{said}\n>{answer}", thinks=True, letters=letters)


def sign(a: object, b: object) -> str:
    """How two numbers compare: `17 45 <`."""
    x, y = int(str(a)), int(str(b))
    return f"{a} {b} {'<' if x < y else '>' if x > y else '='}"


def months(now: int, wanted: int) -> str:
    """How two months compare, by the name of the first: `June 06 11 <`."""
    return f"{MONTHS[now - 1]} {now:02d} {wanted:02d} {sign(now, wanted)[-1]}"


def spelled(word: str) -> str:
    return " ".join(word.replace(" ", "_"))


def casing(old: str, new: str) -> str:
    """Letter by letter: `l L o O`."""
    return " ".join(f"{a} {b}" for a, b in zip(old, new, strict=False))


def result(a: int, how: str, b: int) -> str:
    return f"{a} {how} {b} = {a + b if how == '+' else a - b if how == '-' else a * b}"


def _counted(scene: Scene) -> str:
    """The words of a text up to the one that is asked for."""
    asked = re.search(r"the (?:(\d+)\w\w|last) word", scene.goal)
    if not asked or scene.tool != "fill" or not scene.texts():
        return ""
    words = [w.strip(".,") for w in max(scene.texts(), key=len).split()]
    return " ".join(f"{i} {w}" for i, w in enumerate(words[: int(asked[1] or 99)], 1))


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


def parity(number: object) -> str:
    return "even" if int(str(number)) % 2 == 0 else "odd"


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


def best(numbers: Sequence[str], most: bool) -> str:
    """Go through numbers and keep the best so far: `5 9 < 9 3 > 9`."""
    kept, said = numbers[0], list[str]()
    for number in numbers[1:]:
        said.append(sign(kept, number))
        if (int(number) > int(kept)) == most and number != kept:
            kept = number
    return " ".join([*said, kept])


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
        numbers = [f"{m[1]}{int(m[2]):02d}" for m in spans if m]
    if len(numbers) < 2 or len(numbers) != len(targets) or scene.target not in targets:
        return ""
    return f"{best(numbers, most)} at {scene.target.number}"


def _contact(scene: Scene) -> str:
    match = re.fullmatch(r"Find (\S+) in the contact book and click on their (.*)\.", scene.goal)
    heading = next((e.name for e in scene.page if e.role == "heading"), "")
    if not match or not heading:
        return ""
    return f"{match[1]} {heading} " + (f"yes {match[2]}" if match[1] == heading else "no")


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
    return f"{sign(now, match[1])}{far}"


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
        files = listed[at + 1].split()
        fits = (f for f in files if (f.endswith(extension[1]) if extension else "." not in f))
        command = f"rm {next(fits, '')}"
    if scene.argument == "Backspace":
        return f"{command} : {spelled(command)} / {spelled(typed[1].strip())} wrong"
    return f"{command} : {spelled(command)} / {spelled(typed[1].rstrip())}"


def _result(scene: Scene) -> str:
    match = re.search(r"the (\d+)\w\w search result", scene.goal)
    page = next((e.name for e in scene.of("link") if e.on), None)
    if not match or page is None or scene.tool != "click" or scene.target in scene.of("button"):
        return ""
    whole, rest = divmod(int(match[1]) - 1, RESULTS)
    return f"{match[1]} is {rest + 1} of {whole + 1} ; {sign(page, whole + 1)}"


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


def _listed(scene: Scene) -> str:
    """The boxes or options of a list, up to the first that is not yet chosen."""
    boxes, lists = scene.of("checkbox"), scene.of("select")
    match = re.match(
        r"Select (words similar to )?(.+?)(?: from the (?:scroll )?list)? and click Submit",
        scene.goal,
    )
    if not match or not (boxes or lists) or match[2] == "nothing":
        return ""
    chosen = {e.name: e.number for e in boxes if e.on}
    chosen |= {name: None for e in lists for name in e.value.split(", ") if name}
    said, names = list[str](), list[str]()
    for word in match[2].split(", "):
        name = next((e.name for e in boxes if alike(e.name, word)), word) if match[1] else word
        names.append(name)
        said.append(f"{f'{word} ' * (name != word)}{name}{' on' * (name in chosen)}")
        if name not in chosen:
            number = next((e.number for e in boxes if e.name == name), None)
            return " , ".join(said) + (f"{NEXT}{number}" if number else "")
    for name in chosen.keys() - names:
        number = chosen[name]
        return " , ".join([*said, f"{name} wrong"]) + (f"{NEXT}{number}" if number else "")
    return " , ".join(said)


@cache
def _alike() -> Sequence[frozenset[str]]:
    """The words that MiniWoB++'s page takes for similar, as it lists them."""
    page = files("miniwob").joinpath("html/miniwob/click-checkboxes-soft.html").read_text()
    listed = page.partition("SYNONYMS = [")[2].partition("];")[0]
    rows = re.findall(r"\[([^\]]*)\]", listed)
    return [frozenset(re.findall(r"'([^']*)'", row)) for row in rows]


def alike(name: str, word: str) -> bool:
    return name == word or any({name, word} <= row for row in _alike())


def _posts(scene: Scene) -> str:
    """The author of a user's posts, and the buttons that are pressed already."""
    match = re.search(r"(@\w+)", scene.goal)
    if not match or not scene.of("item"):
        return ""
    author = next((n for e in scene.page if f" {match[1]}" in (n := e.name)), "")
    name = author.partition(" | ")[2] or author
    if re.search(r"posts? by", scene.goal):
        asked = re.findall(r'"([^"]*)"', scene.goal)[0].lower()
        right = [e for e in scene.of("item") if f"{asked} | {name.split(' @')[0]} @" in e.name]
        pressed = next((i for i, e in enumerate(right) if not e.on), len(right))
        return f"{name.split(' @')[0]} " + " , ".join(
            f"{e.number}{' on' * e.on}" for e in right[: pressed + 1]
        )
    control = scene.target.name.partition(" | ")[0] if scene.target else ""
    return f"{match[1]} {name.split(' @')[0]} {control}"


def _dishes(scene: Scene) -> str:
    """What of an order is done, and the button that adds what is not."""
    if not scene.goal.startswith("Order ") or not scene.of("item"):
        return ""
    dishes, block = list[tuple[str, str, int, int]](), list[Entry]()
    for entry in (e for e in scene.page if e.role != "heading"):
        block.append(entry)
        if entry.name == "+" and entry.number and len(block) > 2:
            count = next((int(e.name) for e in block if e.name.isdigit()), 0)
            dishes.append((block[0].name.strip(), block[1].name, count, entry.number))
            block = []
    if match := re.match(r"Order (\d+) items that are (\S+)", scene.goal):
        fits = [dish for dish in dishes if match[2] in dish[1].split()][:1]
        return "".join(f"{n} + {add} ; {c} of {match[1]}" for n, _, c, add in fits) + (
            f"{NEXT}{fits[0][3]}" if fits and fits[0][2] < int(match[1]) else ""
        )
    said = list[str]()
    for name in scene.goal.partition(": ")[2].split(", "):
        for _, _, count, add in (dish for dish in dishes if dish[0] == name):
            said.append(f"{name} {count if count else f'+ {add}'}")
            if not count:
                return " , ".join(said) + f"{NEXT}{add}"
    return " , ".join(said)


def _sought(scene: Scene) -> str:
    """Whether what is sought in tabs is on this one, and which were open."""
    match = re.search(r'click on the link "(.*)"', scene.goal)
    tabs = scene.of("tab")
    if not match or len(tabs) < 2 or scene.target is None:
        return ""
    if any(e.name == match[1] for e in scene.page):
        return f"{match[1]} yes"
    seen = [e.name for e in tabs if e.on or f'click "{e.name}"' in scene.example.told]
    return f"{match[1]} no ; {' , '.join(seen)}"


def _suggested(scene: Scene) -> str:
    """Which of the suggestions end as they should, up to the first that does."""
    match = re.search(r'starts with "(.*?)"(?: and ends with "(.*)")?', scene.goal)
    if not match or scene.target not in scene.of("item"):
        return ""
    said = list[str]()
    for entry in scene.of("item"):
        good = entry.name.startswith(match[1]) and entry.name.endswith(match[2] or "")
        said.append(f"{entry.name} {'yes' if good else 'no'}")
        if good:
            break
    return " , ".join(said)


def _evidence(scene: Scene) -> str:
    """Of a link that the goal does not name: the text below it that it was chosen for."""
    page, target = scene.page, scene.target
    if scene.tool != "click" or target is None or not scene.example.task.startswith("office"):
        return ""
    at = page.index(target)
    below = page[at + 1] if at + 1 < len(page) else None
    if target.name == "Next page":
        return "not here"
    if below is None or below.number is not None or target.name in scene.goal:
        return ""
    return below.name if target.role == "link" else ""


RULES: Sequence[Callable[[Scene], str]] = (
    _counted, _summed, _odd_or_even, _generated, _cased, _best, _contact, _menu, _slid, _typed,
    _result, _month, _listed, _posts, _dishes, _sought, _suggested, _evidence,
)  # fmt: skip
