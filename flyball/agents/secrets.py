"""Keeps what is typed into password fields out of the record.

A step's action is masked before anything else sees it: monitors, the ledger, exports and later
prompts have the masked one, live as in a replay. Only the tool is given the real one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import replace
from urllib.parse import quote, quote_plus

from flyball.records import Action, Observation
from flyball.tools.page import parse

MASK = "•"
"""Stands for a character, as in a page's own lines."""
KEYS = ("press", "type")
"""Tools whose keys go to what has the focus, where they name no element."""
SHORT = 4
"""A secret with fewer characters may stand within any word: only as a word is it masked."""


def masked(action: Action, page: Observation | None) -> Action:
    """Give `action` as it may be recorded, where `page` is what it was decided on."""
    secret = secret_of(action, page)
    if not secret:
        return action
    arguments = {
        name: MASK * len(secret) if name in ("text", "key") else value
        for name, value in action.arguments.items()
    }
    escaped = (json.dumps(secret), json.dumps(secret, ensure_ascii=False))
    written = {secret, *(each[1:-1] for each in escaped)}
    text, thought = (_without(said, written, len(secret)) for said in (action.text, action.thought))
    return replace(action, arguments=arguments, text=text, thought=thought)


def secret_of(action: Action, page: Observation | None) -> str:
    """Give what `action` types into a password field; "" where that is nothing."""
    secret = _typed(action)
    return secret if page is not None and secret and _is_secret(action, page) else ""


def hidden(seen: Observation, secrets: Collection[str]) -> Observation:
    """Mask passwords in a page's address, where a form without a method puts them.

    The rest of the page is its own affair, and its lines have to stay what they are called.
    """
    if not secrets:
        return seen
    lines = seen.text.splitlines()
    for secret in secrets:
        written = {secret, quote(secret, safe=""), quote_plus(secret)}
        lines = [
            _without(line, written, len(secret)) if line.startswith("url ") else line
            for line in lines
        ]
    return replace(seen, text="\n".join(lines))


def _typed(action: Action) -> str:
    """What is typed: the text, or the one character of a key; a named key tells nothing."""
    text, key = action.arguments.get("text"), str(action.arguments.get("key", ""))
    if text is None:
        return key if len(key) == 1 else ""
    return str(text)


def _is_secret(action: Action, page: Observation) -> bool:
    """Whether the action's element takes passwords, by its number or by its name.

    Keys that go to no element go to what has the focus: it may be any password field on the page.
    """
    number, target = action.arguments.get("element"), action.arguments.get("target")
    if action.tool in KEYS and number is None and target is None:
        return bool(page.secret)
    labels = {entry.label for entry in parse(page.text) if entry.number in page.secret}
    return str(number) in map(str, page.secret) or target in labels


def _without(said: str, written: Collection[str], length: int) -> str:
    for each in written:
        pattern = re.escape(each)
        if length < SHORT:
            pattern = rf"(?<!\w){pattern}(?!\w)"
        said = re.sub(pattern, MASK * length, said)
    return said
