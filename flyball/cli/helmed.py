"""Let a person steer a run from another process, where whoever started it asked for that."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flyball.agents import Crew
    from flyball.records import Action, Run
    from flyball.steering.helm import Picture

HELM, PICTURES = "FLYBALL_HELM", "FLYBALL_PICTURES"
"""The file that is to tell which run this is, beside which it listens; and where pictures of what
it sees are to go. The screen sets both."""


@asynccontextmanager
async def helmed(run: Run, crew: Crew, picture: Picture | None = None) -> AsyncIterator[Crew]:
    """Give the crew with a helm, while it listens; the crew as it is where nobody asked for one."""
    named, pictures = os.environ.get(HELM), os.environ.get(PICTURES)
    if named is None:
        yield crew
        return
    from flyball.steering import Helm

    helm = Helm(
        Path(named),
        run.id,
        tuple(crew.policies),
        read=_read,
        picture=picture,
        pictures=Path(pictures) / run.id if pictures else None,
    )
    async with helm:
        yield replace(crew, helm=helm, ask=helm.ask)


def _read(text: str) -> Action:
    """Make an action of what a person typed.

    That is a line as bundled policies write it, or a tool and its arguments as JSON.
    """
    import json

    from flyball.agents.compact import decode
    from flyball.records import Action

    tool, _, rest = text.strip().partition(" ")
    if rest.lstrip().startswith("{"):
        try:
            return Action(tool=tool, arguments=json.loads(rest), text=text.strip())
        except ValueError as error:
            return Action(tool="invalid", arguments={"why": f"that is not JSON: {error}"})
    return decode(text)
