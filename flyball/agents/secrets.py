"""Keeps what is typed into password fields out of the record.

A step's action is masked before anything else sees it: monitors, the ledger, exports and later
prompts have the masked one, live as in a replay. Only the tool is given the real one.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace

from flyball.records import Action, Observation
from flyball.tools.page import parse

MASK = "•"
"""Stands for a character, as in a page's own lines."""
SHORT = 4
"""A secret with fewer characters may stand within any word: only as a word is it masked."""


def masked(action: Action, page: Observation | None) -> Action:
    """Give `action` as it may be recorded, where `page` is what it was decided on."""
    secret = _typed(action)
    if page is None or not secret or not _is_secret(action, page):
        return action
    arguments = {
        name: MASK * len(secret) if name in ("text", "key") else value
        for name, value in action.arguments.items()
    }
    text, thought = (_without(said, secret) for said in (action.text, action.thought))
    return replace(action, arguments=arguments, text=text, thought=thought)


def _typed(action: Action) -> str:
    """What is typed: the text, or the one character of a key; a named key tells nothing."""
    text, key = action.arguments.get("text"), str(action.arguments.get("key", ""))
    if text is None:
        return key if len(key) == 1 else ""
    return str(text)


def _is_secret(action: Action, page: Observation) -> bool:
    """Whether the action's element takes passwords, by its number or by its name."""
    number, target = action.arguments.get("element"), action.arguments.get("target")
    labels = {entry.label for entry in parse(page.text) if entry.number in page.secret}
    return str(number) in map(str, page.secret) or target in labels


def _without(said: str, secret: str) -> str:
    for written in {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}:
        pattern = re.escape(written)
        if len(written) < SHORT:
            pattern = rf"(?<!\w){pattern}(?!\w)"
        said = re.sub(pattern, MASK * len(secret), said)
    return said
