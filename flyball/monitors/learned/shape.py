"""The step's own form: what kind of action it is, and how it is put."""

from __future__ import annotations

from flyball.monitors.learned.catalogue import Row
from flyball.monitors.learned.glances import Glance, similarity

WAITING = frozenset({"wait", "sleep", "scroll", "read", "next_page", "status", "poll"})
LONGEST_TEXT = 240
"""Characters of an answer that are compared with the one before."""


class Shape:
    """Keeps the step before, for comparison, and tokens."""

    def __init__(self) -> None:
        self._last: Glance | None = None
        self._steps = self._tokens = self._read = self._thought = 0

    def row(self, glance: Glance) -> Row:
        action, last, usage = glance.action, self._last, glance.step.policy_spend.usage
        thought = action.thought.split()
        elements = glance.view.elements
        # A policy that asks no model, or a log that does not say, uses no tokens that are known.
        known = usage.requests > 0
        row: dict[str, float | None] = {
            "is_final": action.is_final,
            "gives_up": action.is_final and action.arguments.get("success") is False,
            "is_invalid": action.tool == "invalid",
            "is_wait": action.tool in WAITING,
            "thought_words": len(thought),
            "thought_repeats": 1 - len({*thought}) / len(thought) if thought else None,
            "thought_share": (self._thought + bool(action.thought)) / (self._steps + 1),
            "tokens": usage.output_tokens if known else None,
            "tokens_run": self._tokens + usage.output_tokens if known else None,
            "tokens_mean": (self._tokens + usage.output_tokens) / (self._steps + 1)
            if known
            else None,
            "tokens_read": usage.input_tokens if known else None,
            "tokens_read_run": self._read + usage.input_tokens if known else None,
            "view_lines": len(glance.view.lines),
            "view_chars": glance.view.characters,
            "view_blank": not glance.view.words,
            "action_words": glance.length,
            "action_lines": len(glance.arguments.splitlines()),
            **self._target(glance),
        }
        if elements:
            row["fields_empty"] = sum(
                each.label.startswith("textbox") and not each.value for each in elements
            )
            row["marks"] = sum(each.on for each in elements)
        if last is not None:
            row["action_words_change"] = glance.length - last.length
            row["action_similarity"] = similarity(glance.words, last.words)
            row["thought_similarity"] = similarity(glance.thought, last.thought)
            row["text_overlap"] = overlap(action.text, last.action.text)
        return row

    def absorb(self, glance: Glance) -> None:
        usage = glance.step.policy_spend.usage
        self._tokens += usage.output_tokens
        self._read += usage.input_tokens
        self._steps += 1
        self._thought += bool(glance.action.thought)
        self._last = glance

    def _target(self, glance: Glance) -> Row:
        target = glance.action.arguments.get("target")
        if not isinstance(target, str):
            return {}
        number = str(glance.action.arguments.get("element"))
        twins = [each.number for each in glance.view.elements if each.label == target]
        return {"target_there": number in twins, "target_twins": len(twins)}


def overlap(text: str, before: str) -> float | None:
    """The longest piece of `text` that `before` holds too, over the length of `text`.

    Found by halving: a piece of n characters that both hold means that both hold one of n - 1.
    """
    text, before = text[:LONGEST_TEXT], before[:LONGEST_TEXT]
    if not text:
        return None
    low, high = 0, min(len(text), len(before))
    while low < high:
        middle = (low + high + 1) // 2
        pieces = {before[at : at + middle] for at in range(len(before) - middle + 1)}
        if any(text[at : at + middle] in pieces for at in range(len(text) - middle + 1)):
            low = middle
        else:
            high = middle - 1
    return low / len(text)
