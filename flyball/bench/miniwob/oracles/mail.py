"""The inbox: read who and what a sentence asks for, then find the mail and deal with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flyball.bench.miniwob.oracles.moves import (
    NoMoveError,
    Page,
    click,
    fill_then,
    listed,
    quoted,
)
from flyball.records import Action
from flyball.tools.page import Entry

_NAME = r"([A-Z][\w-]+?)"
_SENDER = (
    rf"(?:Ask |^){_NAME} (?:to|wants (?:his|her)) ",
    rf"\b(?:from|by) {_NAME}\b(?!'s)",
    rf"{_NAME}(?:'s|s)? (?:last |latest |recent |most recent )?(?:e-?mail|mail|message)",
    rf"{_NAME} (?:sent|wrote)",
    rf"{_NAME}'s",
    rf"\b(?:to|tell|text|email|let|write|contact|send|know) {_NAME}\b",
)
"""How sentences name the sender, from the surest way to the vaguest."""
_DELETION = re.compile(
    r"delet|trash|remov|erase|get rid|throw|discard|don't want|out of my", re.IGNORECASE
)
_CAPITALISED = """
    Alexa All An Answer Ask Automatically Can Copy Could Create Delete Email Erase FOrward Find
    First Flag For Forward Foward Get Give Go Hi Highlight If Important In Jend Just Let Locate Look
    Make Mark My Navigate Open Please Primary Pull Put Remind Remove Replay Reply Resend Respond
    Save Say Search See Select Send Set Show Simply Siri Star Tag Take Tell Text Thanks That The
    There This Throw To Trash Tuesday WiIl Will Yesterday You Your
"""
"""Words that sentences begin with, which are no names."""
_NO_NAMES = frozenset(_CAPITALISED.split())


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What is to be done with whose mail."""

    kind: str
    """`reply`, `forward`, `trash` or `star`."""
    sender: str
    text: str = ""
    """The reply, or whom to forward to."""


def errand(goal: str) -> Errand:
    """Understand a goal, in any of its wordings. Raises `NoMoveError` if it names nobody."""
    spoken = re.sub(r'".*"', " ", goal)
    names = [name for name in re.findall(rf"\b{_NAME}\b", spoken) if name not in _NO_NAMES]
    names = list(dict.fromkeys(name.removesuffix("'s") for name in names))
    if not names:
        raise NoMoveError(f"nobody is named in {goal!r}")
    sender = _sender(spoken, names)
    if message := quoted(goal):
        return Errand(kind="reply", sender=sender, text=message[0])
    others = [name for name in names if name != sender]
    if others:
        return Errand(kind="forward", sender=sender, text=others[-1])
    gone = re.search(
        r"delet|trash|remov|erase|get rid|throw|discard|don't want|out of my", goal, re.IGNORECASE
    )
    return Errand(kind="trash" if gone else "star", sender=sender)


def _sender(spoken: str, names: Sequence[str]) -> str:
    for pattern in _SENDER:
        for found in re.findall(pattern, spoken):
            if found in names:
                return str(found)
    return names[0]


def deal(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Do the next thing that the errand asks for, wherever in the inbox one is."""
    task, items = errand(goal), listed(page, "item")
    for send in items:
        if send.name.startswith(f"send-{task.kind}"):
            return _write(task, page, send)
    if task.kind in ("trash", "star"):
        return click(_row(items, task.sender, rf"{task.kind} \| "))
    for step in items:
        if step.name.lower() == task.kind and task.sender in _said(page):
            return click(step)
    return click(_row(items, task.sender, ""))


def _write(task: Errand, page: Page, send: Entry) -> Action:
    body = listed(page, "textbox")
    if not body:
        raise NoMoveError("nothing to write in")
    return fill_then(body[-1] if task.kind == "reply" else body[0], task.text, send)


def _row(items: Sequence[Entry], sender: str, mark: str) -> Entry:
    for entry in items:
        if re.match(rf"{mark}{re.escape(sender)}\b", entry.name):
            return entry
    for entry in items:  # another message or the search pane is open: go back to the list
        if re.match(r"close|search-cancel|cancel", entry.name):
            return entry
    raise NoMoveError(f"no email by {sender}")


def _said(page: Page) -> str:
    return " ".join(entry.name for entry in page if entry.role == "text")
