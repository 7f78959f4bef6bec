"""Thoughts about what stands in lists: boxes, posts, dishes, tabs, suggestions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files as resources
from itertools import pairwise

from flyball.tools.page import Entry
from training.scene import NEXT, Scene, same, so


def listed(scene: Scene) -> str:
    """The boxes or options of a list, up to the first that is not yet chosen."""
    boxes, lists = scene.of("checkbox", "radio"), scene.of("select")
    match = re.match(
        r"Select (words similar to )?(.+?)(?: from the (?:scroll )?list)? and click Submit",
        scene.goal,
    )
    if not match or not (boxes or lists) or match[2] == "nothing":
        return ""
    chosen = {e.name: f"{e.quoted} {e.number} on" for e in boxes if e.on}
    chosen |= {name: f"{name} on" for e in lists for name in e.value.split(", ") if name}
    # Beside each name stands again what is chosen now, for them to be compared.
    now, names, said = "".join(f" / {e.value}" for e in lists if e.value), list[str](), list[str]()
    for word in match[2].split(", "):
        words = akin(word) if match[1] else [word]
        found = (e for each in words for e in boxes if each == e.name)
        entry = next(found, None)
        name = entry.name if entry else word
        names.append(name)
        front = f"{word} : {absent(words[: words.index(name)])}" * bool(match[1])
        front += f"{name}{now} : " * bool(now)
        if name not in chosen:
            # As the page has it: that nothing follows the number is what is to be seen.
            said.append(f"{front}{entry.quoted} {entry.number}" if entry else f"{front}{name} not")
            done = f"{entry.quoted} {entry.number}{NEXT}{entry.number}" if entry else name
            return so(said, done)
        # The goal's own word comes last: the next one follows it there.
        said.append(f"{front}{chosen[name]}{f' {word}' * bool(match[1])}")
    for name in chosen.keys() - names:
        box = next((e for e in boxes if e.name == name), None)
        done = f"{box.quoted} {box.number}{NEXT}{box.number}" if box else name
        return so([*said, f"{chosen[name]} wrong"], done)
    return so(said, scene.name)


@cache
def synonyms() -> Sequence[Sequence[str]]:
    """The words that MiniWoB++'s page takes for similar, as it lists them."""
    page = resources("miniwob").joinpath("html/miniwob/click-checkboxes-soft.html").read_text()
    listed = page.partition("SYNONYMS = [")[2].partition("];")[0]
    rows = re.findall(r"\[([^\]]*)\]", listed)
    return [list(dict.fromkeys(re.findall(r"'([^']*)'", row))) for row in rows]


def akin(word: str) -> Sequence[str]:
    """Itself, and the words like it, always in the same order: they are known by heart."""
    row = next((row for row in synonyms() if word in row), [word])
    return [word, *(each for each in row if each != word)]


def absent(words: Sequence[str]) -> str:
    """Words that are not on the page: the page's quotes let them be looked for there."""
    return "".join(f'"{word}" no ' for word in words)


def posts(scene: Scene) -> str:
    """Whose each post is, up to the first of the user's whose button is not pressed.

    A post is found by the number that ends the line before it. Only of the user's is it said
    whether the button is pressed.
    """
    match, buttons = re.search(r"(@\w+)", scene.goal), re.findall(r'"([^"]*)"', scene.goal)
    if not match or not buttons or scene.tool != "click":
        return ""
    control = scene.name.partition(" | ")[0]
    # When all are pressed, the target is Submit, and what was gone through is the goal's button.
    asked = buttons[0].lower() if scene.target in scene.of("button") else control
    said = list[str]()
    for first, entry in _asked(scene, asked):
        name, _, rest = entry.name.partition(" | ")[2].partition("@")
        handle = f"@{rest.split()[0].rstrip('…')}"
        told = f"{first - 1} {name}{same(handle, match[1])}"
        said.append(f"{told} {entry.number}{' on' * entry.on}" if handle == match[1] else told)
        if entry is scene.target:
            before = f"{(entry.number or 1) - 1} item {entry.quoted} {entry.number}"
            return so(said, before)
    if said and scene.target in scene.of("button"):
        said.append(f"{(scene.target.number or 1) - 1} {scene.name}")
    return so(said, scene.name)


def _asked(scene: Scene, button: str) -> Iterator[tuple[int, Entry]]:
    """Of each post the number of its first line, and the line of the button that is asked for."""
    first, whose, start = 0, "", ""
    for entry in scene.of("item"):
        control, _, label = entry.name.partition(" | ")
        name, at, rest = label.partition("@")
        user = name + rest.split()[0].rstrip("…") if at else ""
        if user != whose or control == start:
            first, whose, start = entry.number or 0, user, control
        if user and control == button:
            yield first, entry


def dishes(scene: Scene) -> str:
    """What of an order is done, and the button that adds what is not."""
    if not scene.goal.startswith("Order ") or not scene.of("item"):
        return ""
    blocks, block = list[list[Entry]](), list[Entry]()
    for entry in (e for e in scene.page if e.role != "heading"):
        block.append(entry)
        if entry.name == "+" and entry.number and len(block) > 2:
            blocks.append(block)
            block = []
    if match := re.match(r"Order (\d+) items that are (\S+)", scene.goal):
        wanted = [b for b in blocks if match[2] in b[1].name.split()][:1]
        amount = int(match[1])
    else:
        names = scene.goal.partition(": ")[2].split(", ")
        wanted = [b for name in names for b in blocks if b[0].name.strip() == name]
        amount = 1
    said = list[str]()
    for each in wanted:
        count, add = next((int(e.name) for e in each if e.name.isdigit()), 0), each[-1]
        # As the page has it: what stands between the two buttons is to be seen.
        said.append(" ".join(_as_written(e) for e in each) + f" : {count} of {amount}")
        if count < amount:
            return so(said, f"+ {add.number}") + f"{NEXT}{add.number}"
    return so(said, scene.name)


def _as_written(entry: Entry) -> str:
    named = f"{entry.role} {entry.quoted}"
    return f"{named} {entry.number}" if entry.number else f'text "{entry.name.strip()}"'


def sought(scene: Scene) -> str:
    """Whether what is sought in tabs or folders is to be seen, and which were opened before."""
    match = re.search(r'click on the (?:link|folder or file named) "(.*)"', scene.goal)
    tabs = scene.of("tab") or _folders(scene)
    if match and scene.tool == "finish":
        return so([f"{match[1]} clicked"], "finish")
    if not match or not tabs or scene.target is None or scene.tool != "click":
        return ""
    if any(e.name == match[1] for e in scene.page):
        return so([f"{match[1]} yes"], match[1])
    seen = [e.name for e in tabs if e.on or f'click "{e.name}"' in scene.example.told]
    return so([f"{match[1]} no", *(f"{name} seen" for name in seen)], scene.name)


def _folders(scene: Scene) -> list[Entry]:
    """Of a tree, what opens: each stands behind its handle."""
    pairs = pairwise(scene.of("item"))
    return [entry for handle, entry in pairs if handle.name.startswith("hitarea |")]


def suggested(scene: Scene) -> str:
    """How the suggestions end, up to the first that ends as it should."""
    match = re.search(r'starts with "(.*?)"(?: and ends with "(.*)")?', scene.goal)
    if not match or scene.target not in scene.of("item"):
        return ""
    said, end = list[str](), match[2] or ""
    for entry in scene.of("item"):
        right = entry.name.startswith(match[1]) and entry.name.endswith(end)
        said.append(f"{last_letters(entry.name, len(end))} {'yes' if right else 'no'}")
        if right:
            return f"{' '.join(end)} : " * bool(end) + so(said, entry.name)
    return ""


def airports(scene: Scene) -> str:
    """The place or the code that is asked for, and the airport of it."""
    asked = re.search(r"from: (.*) to: (.*) on ", scene.goal)
    named = re.fullmatch(r"(.*) \((\w{3})\)", scene.name)
    if not asked or not named or scene.target not in scene.of("item"):
        return ""
    return next((so([each], scene.name) for each in asked.groups() if each in named.groups()), "")


@cache
def places() -> Sequence[str]:
    """The airports that MiniWoB++'s page knows, as it writes them."""
    data = resources("miniwob").joinpath("html/common/special/book-flight/domestic.js").read_text()
    return re.findall(r'"([^"]+ \(\w{3}\))"', data)


def last_letters(name: str, count: int) -> str:
    """A name, and how it ends, letter by letter."""
    return f"{name} / {' '.join(name[-count:])}" if count else name


def files(scene: Scene) -> str:
    """In a terminal, the files up to the one that ends as it should, and what is typed."""
    if not (scene.texts() and scene.texts()[-1].startswith("user$") and scene.tool == "type"):
        return ""
    listed = scene.texts()[:-1]
    at = next((i for i, text in enumerate(listed) if text == "user$ ls"), None)
    if at is None or at + 1 >= len(listed):
        return so([], scene.argument)
    extension, seen = re.search(r"extension (\.\S+)", scene.goal), list[str]()
    end = extension[1] if extension else ""
    for file in listed[at + 1].split():
        right = ends(file, end)
        seen.append(told_ending(file, end))
        if right:
            return f"{end or '.'} : {so(seen, f'rm {file}')}"
    return ""


def ends(file: str, end: str) -> bool:
    """Whether a file has the extension `end`; an empty one: none."""
    return file.endswith(end) if end else "." not in file


def told_ending(file: str, end: str) -> str:
    """Whether a file's name ends in the extension that is sought: `a.py no`."""
    return f"{file} {'yes' if ends(file, end) else 'no'}"
