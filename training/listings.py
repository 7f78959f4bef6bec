"""Thoughts about what stands in lists: boxes, posts, dishes, tabs, suggestions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from flyball.tools.page import Entry
from training.scene import NEXT, Scene


def listed(scene: Scene) -> str:
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
def synonyms() -> Sequence[frozenset[str]]:
    """The words that MiniWoB++'s page takes for similar, as it lists them."""
    page = files("miniwob").joinpath("html/miniwob/click-checkboxes-soft.html").read_text()
    listed = page.partition("SYNONYMS = [")[2].partition("];")[0]
    rows = re.findall(r"\[([^\]]*)\]", listed)
    return [frozenset(re.findall(r"'([^']*)'", row)) for row in rows]


def alike(name: str, word: str) -> bool:
    return name == word or any({name, word} <= row for row in synonyms())


def posts(scene: Scene) -> str:
    """The author of a user's posts, and the buttons that are pressed already."""
    match = re.search(r"(@\w+)", scene.goal)
    if not match or not scene.of("item"):
        return ""
    author = next((n for e in scene.page if f" {match[1]}" in (n := e.name)), "")
    name = author.partition(" | ")[2] or author
    if re.search(r"posts? by", scene.goal):
        return _of_user(scene, name.split(" @")[0])
    control = scene.target.name.partition(" | ")[0] if scene.target else ""
    return f"{match[1]} {name.split(' @')[0]} {control}"


def _of_user(scene: Scene, name: str) -> str:
    """The posts one after the other: whose each is, its button, and whether that is pressed.

    It ends with the first of the user's whose button is not.
    """
    asked, said = re.findall(r'"([^"]*)"', scene.goal)[0].lower(), list[str]()
    for entry in scene.of("item"):
        control, _, post = entry.name.partition(" | ")
        author = post.partition(" @")[0]
        if control == asked:
            said.append(f"{author} {entry.number}{' on' * entry.on}")
            if author == name and not entry.on:
                break
    return f"{name} : {' , '.join(said)}"


def dishes(scene: Scene) -> str:
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
        return "".join(f"{n} - {add - 1} + {add} ; {c} of {match[1]}" for n, _, c, add in fits) + (
            f"{NEXT}{fits[0][3]}" if fits and fits[0][2] < int(match[1]) else ""
        )
    said = list[str]()
    for name in scene.goal.partition(": ")[2].split(", "):
        for _, _, count, add in (dish for dish in dishes if dish[0] == name):
            said.append(f"{name} {count if count else f'- {add - 1} + {add}'}")
            if not count:
                return " , ".join(said) + f"{NEXT}{add}"
    return " , ".join(said)


def sought(scene: Scene) -> str:
    """Whether what is sought in tabs is on this one, and which were open."""
    match = re.search(r'click on the link "(.*)"', scene.goal)
    tabs = scene.of("tab")
    if not match or len(tabs) < 2 or scene.target is None:
        return ""
    if any(e.name == match[1] for e in scene.page):
        return f"{match[1]} yes"
    seen = [e.name for e in tabs if e.on or f'click "{e.name}"' in scene.example.told]
    return f"{match[1]} no ; {' , '.join(seen)}"


def suggested(scene: Scene) -> str:
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
