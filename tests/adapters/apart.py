"""browser-use's agents, in the environment of their own that `make .venv/browser-use.stamp` makes.

Run as a program there, it plays one run: supervision comes in pickled, the transcript goes out.
"""

import asyncio
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from flyball.adapters import Supervision
from flyball.ledger import Ledger
from flyball.records import Decision, Step

PYTHON = Path(sys.prefix) / "browser-use" / "bin" / "python"
QUIET = {
    "ANONYMIZED_TELEMETRY": "false",
    "BROWSER_USE_DISABLE_EXTENSIONS": "true",
    "BROWSER_USE_HEADLESS": "true",
    "BROWSER_USE_LOGGING_LEVEL": "result",
    "BROWSER_USE_VERSION_CHECK": "false",
    "IN_DOCKER": "true",  # Chromium is not sandboxed: root may start it too
}
STARTS = 3
STARVED = "connect() timed out"
"""What the host says where Chromium does not answer in 15 s, as on a machine that is busy: no step
was taken yet, and it may be started again."""


def run_apart(*arguments: str, given: bytes = b"") -> str:
    """Run Python where browser-use is installed; gives what it prints."""
    if not PYTHON.exists():
        raise RuntimeError(f"{PYTHON} is missing: make .venv/browser-use.stamp")
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as home:
            own = {"PYTHONPATH": str(Path(__file__).parents[2]), "BROWSER_USE_CONFIG_DIR": home}
            done = subprocess.run(
                [PYTHON, *arguments], input=given, capture_output=True, env=os.environ | QUIET | own
            )
        told = done.stderr.decode()
        if not done.returncode:
            return done.stdout.decode()
        if STARVED not in told:
            break
    raise RuntimeError(told)


def play_browser_use(base: str, supervision: Supervision | None) -> Any:
    told, output, _ = played(base, supervision)
    return told, output


def played(
    base: str, supervision: Supervision | None, **options: Any
) -> tuple[Any, str, list[float]]:
    """The transcript, the output, and the seconds that each step waited for what to do next."""
    ledger = None
    if supervision is not None and supervision.ledger is not None:
        ledger, supervision = supervision.ledger.path, replace(supervision, ledger=None)
    given = pickle.dumps((base, supervision, ledger, options))
    told, output, seconds = json.loads(run_apart("-m", __name__, given=given).splitlines()[-1])
    return told, output, seconds


class Rooms(BaseModel):
    names: list[str]


async def never(step: Step) -> Decision:
    """Be a person who does not answer."""
    await asyncio.Event().wait()
    raise AssertionError


async def play(
    base: str, supervision: Supervision | None, options: dict[str, Any]
) -> tuple[Any, str, list[float]]:
    from browser_use import Agent, ChatOpenAI  # noqa: PLC0415 - it is there only

    from flyball.adapters.browser_use import supervise  # noqa: PLC0415 - as above

    small, large = (
        ChatOpenAI(model=name, base_url=base, api_key="k", max_retries=0)
        for name in ("small", "large")
    )
    page = {"navigate": {"url": base.replace("/v1", "/page"), "new_tab": False}}
    options = {"use_vision": False, "use_judge": False, "initial_actions": [page]} | options
    agent = Agent("look around", llm=small, **options)
    if supervision is not None:
        supervise(agent, supervision, strong={"large": large})
    propose = agent.get_model_output
    seconds: list[float] = []

    async def _timed(messages: Any) -> Any:
        began = time.perf_counter()
        try:
            return await propose(messages)
        finally:
            seconds.append(time.perf_counter() - began)

    agent.get_model_output = _timed
    history = await agent.run(max_steps=8)
    told = [
        (each.model_output and each.model_output.model_dump(exclude_unset=True))
        for each in history.history[1:]
    ]
    results = [each.model_dump(exclude_none=True) for each in history.action_results()[1:]]
    return [told, results], history.final_result() or "", seconds


def main() -> None:
    base, supervision, path, options = pickle.load(sys.stdin.buffer)
    with ExitStack() as stack:
        if path is not None:
            supervision = replace(supervision, ledger=stack.enter_context(Ledger(path)))
        print(json.dumps(asyncio.run(play(base, supervision, options)), default=str))  # noqa: T201


if __name__ == "__main__":
    main()
