"""What goes over the socket of a run, a line of JSON each: orders, and how it stands."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from getpass import getuser
from pathlib import Path
from typing import Literal

Do = Literal["pause", "resume", "stop", "hand_over", "take_wheel", "leave_wheel", "act", "answer"]
Deed = Do | Literal["bind"]
ORDERS = (
    *("pause", "resume", "stop", "hand_over", "take_wheel", "leave_wheel"),
    *("act", "answer", "bind"),
)


def helm_folder() -> Path:
    """Where this user's runs listen: a folder that nobody else may enter.

    It is short, as the name of a socket may not have more than about 100 characters.
    """
    folder = Path(tempfile.gettempdir()) / f"flyball-{getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)  # raises where it is another's
    return folder


def socket_of(folder: Path, run_id: str) -> Path:
    return folder / f"{run_id}.sock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a person wants of a run."""

    do: Deed
    """`bind`: end the run, to be taken up again, should this connection break."""
    to: str = ""
    """For `hand_over`: the policy; for `answer`: the ruling, or always, or never, in this run."""
    text: str = ""
    """For `act`: the action as it would be written by a policy; for `answer`: the reason."""

    def to_line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Order | None:
        """Read an order; `None` for what is none."""
        try:
            order = cls(**json.loads(line))
        except (TypeError, ValueError):
            return None
        return order if order.do in ORDERS else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a run stands with the person who watches it."""

    run: str
    driver: str = ""
    policies: tuple[str, ...] = ()
    """Whom it can be handed to."""
    paused: bool = False
    wheel: bool = False
    """A person drives."""
    waiting: Literal["", "action", "answer"] = ""
    """What it waits for a person to say."""
    question: str = ""
    """For `answer`: what is asked. For `action`: what the page shows."""
    stopping: bool = False
    problem: str = ""
    """Why the last order was not followed."""

    def to_line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Standing:
        told = json.loads(line)
        return cls(**{**told, "policies": tuple(told["policies"])})
