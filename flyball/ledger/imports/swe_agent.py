"""SWE-agent's and mini-swe-agent's `.traj` files: one JSON document, one run.

SWE-agent has a `trajectory` of turns; mini-swe-agent has the `messages` as they were sent. What
either cost is known for the whole run only, so that no step has a share of it, and whether it
solved its task is not in the file at all (`flyball import --outcomes`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flyball.errors import ConfigError
from flyball.ledger.imports.records import (
    EPOCH,
    Imported,
    Turn,
    make_steps,
    need,
    text_of,
    typed,
)
from flyball.records import Action, Run, Spend, Status, Task, Usage

_BLOCK = re.compile(r"```[\w-]*\n(.*?)\n?```", re.DOTALL)
_RETURN_CODE = re.compile(r"<returncode>(-?\d+)</returncode>")


def is_one(document: object) -> bool:
    """Whether this document is of this format."""
    return (
        isinstance(document, Mapping)
        and "info" in document
        and ("trajectory" in document or "messages" in document)
    )


def read(document: Mapping[str, Any], path: Path) -> Imported:
    """Raises `ConfigError` with the file."""
    where = str(path)
    info = typed(document.get("info") or {}, "info", dict, where)
    stem = path.name.removesuffix(".gz").removesuffix(".json").removesuffix(".traj")
    if "messages" in document:
        agent, model = "mini-swe-agent", _mini_model(info)
        prompt, turns = _from_messages(need(document, "messages", list, where), where)
    else:
        agent, model = "swe-agent", _model(document)
        prompt, turns = _from_history(document), _from_turns(document, where)
    task = Task(
        id=text_of(document.get("instance_id")) or stem,
        prompt=prompt,
        suite=agent,
        metadata={"unrecorded": "tokens joules"},
    )
    run = Run(
        id=stem,
        task=task,
        agent=agent,
        policy=model,
        status=_status(text_of(info.get("exit_status"))),
        ended_by="policy",
        reason=text_of(info.get("exit_status")),
        answer=text_of(info.get("submission")) or None,
        started_at=EPOCH,
    )
    return Imported(run, make_steps(task, model, turns))


def _status(exit_status: str) -> Status:
    return "finished" if exit_status.lower().startswith("submitted") else "stopped"


def _from_turns(document: Mapping[str, Any], where: str) -> list[Turn]:
    turns = need(document, "trajectory", list, where)
    return [_turn(turn, f"{where}, turn {place}") for place, turn in enumerate(turns)]


def _turn(given: object, where: str) -> Turn:
    turn = typed(given, "turn", dict, where)
    command = text_of(turn.get("action"))
    result = turn.get("observation")
    return Turn(
        action=_action(command, text_of(turn.get("thought")), text_of(turn.get("response"))),
        result=None if result is None else text_of(result),
        spend=Spend(usage=Usage(requests=1, unpriced_requests=1)),
    )


def _action(command: str, thought: str, text: str) -> Action:
    tool = "submit" if command.split()[:1] == ["submit"] else "bash"
    if not command.strip():
        return Action(tool="invalid", thought=thought, text=text)
    return Action(tool=tool, arguments={"command": command.strip()}, thought=thought, text=text)


def _from_history(document: Mapping[str, Any]) -> str:
    """What the user asked for: the first user message that is no demonstration."""
    history = document.get("history")
    messages = [each for each in history or () if isinstance(each, dict)]
    asked = (m for m in messages if m.get("role") == "user" and not m.get("is_demo"))
    return text_of(next(asked, {}).get("content"))


def _model(document: Mapping[str, Any]) -> str:
    config = document.get("replay_config")
    if isinstance(config, str):
        try:
            config = json.loads(config)
        except ValueError:
            config = None
    for key in ("agent", "model", "name"):
        config = config.get(key) if isinstance(config, dict) else None
    return text_of(config) or "unknown"


def _mini_model(info: Mapping[str, Any]) -> str:
    found: object = info
    for key in ("config", "model", "model_name"):
        found = found.get(key) if isinstance(found, dict) else None
    return text_of(found) or "unknown"


def _from_messages(messages: Sequence[object], where: str) -> tuple[str, list[Turn]]:
    prompt, turns = "", list[Turn]()
    for place, each in enumerate(messages):
        message = typed(each, "message", dict, f"{where}, message {place}")
        role, content = message.get("role"), text_of(message.get("content"))
        match role:
            case "assistant":
                turns.append(_mini_turn(message, content))
            case "user" | "tool" if turns:
                turns[-1] = _with_result(turns[-1], content)
            case "user":
                prompt = prompt or content
            case "system" | "exit":
                pass
            case _:
                raise ConfigError(f"{where}, message {place}: no role is called {role!r}")
    return prompt, turns


def _mini_turn(message: Mapping[str, Any], content: str) -> Turn:
    block = _BLOCK.search(content)
    command = _called(message) or (block.group(1) if block else "")
    thought = content[: block.start()] if block else content
    usage = Usage(requests=1, unpriced_requests=1)
    return Turn(_action(command, thought.strip(), content), None, spend=Spend(usage=usage))


def _called(message: Mapping[str, Any]) -> str:
    """The command, where the model called a tool with it."""
    extra = message.get("extra")
    actions = extra.get("actions") if isinstance(extra, dict) else None
    commands = [each.get("command") for each in actions or () if isinstance(each, dict)]
    return "\n".join(command for command in commands if isinstance(command, str))


def _with_result(turn: Turn, content: str) -> Turn:
    """The turn with what came of it; several results of one turn are put together."""
    result = content if turn.result is None else f"{turn.result}\n{content}"
    code = _RETURN_CODE.search(content)
    return turn._replace(result=result, ok=turn.ok and (code is None or code.group(1) == "0"))
