"""Where a model is served, and what to say when asking there goes wrong."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime

import httpx

from flyball.errors import ModelError
from flyball.models.wire import refused_in

LONGEST_WAIT_SECONDS = 60.0
"""The most that a server may ask to be left alone before it is given up."""
LONGEST_QUOTE = 200
REFUSED = (400, 403, 422, 500, 501)
"""How servers answer a field that they do not take."""
MISREAD = (400, 422)
"""How they answer one that they do not even name."""


class BusyError(ModelError):
    """The server did not answer this time, and may the next."""

    after_seconds: float | None = None
    """How long it asks to be left alone."""


class RefusedError(ModelError):
    """The server does not take something in the question."""

    complaint = ""
    """What it says, as it says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a model is served, and on what terms."""

    url: str
    """Base of the API, as a rule ending in /v1, which is added where there is no path."""
    model: str
    """What the server calls the model."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key."""
    timeout_seconds: float = 120.0
    """How long the server may be silent."""
    attempts: int = 4
    wait_seconds: float = 0.5
    """Wait before the first retry; it doubles with each, and a random part is added."""
    local: bool | None = None
    """Whether this machine pays by its electricity; `None` lets the address tell."""
    provider: str | None = None
    """Whose price list holds, by the names of genai-prices."""
    input_usd_per_mtok: Decimal | None = None
    output_usd_per_mtok: Decimal | None = None
    """Prices in dollars for a million tokens, which go before any list."""

    def base(self) -> httpx.URL:
        """The address that paths are put behind. Raises `ModelError`."""
        try:
            address = httpx.URL(self.url)
        except httpx.InvalidURL as error:
            raise self.error(
                f"not a web address ({error}); write it as http://HOST:PORT/v1"
            ) from error
        if address.scheme not in ("http", "https") or not address.host:
            raise self.error("not a web address; write it as http://HOST:PORT/v1")
        path = address.path.rstrip("/") or "/v1"
        return address.copy_with(path=f"{path}/", query=None, fragment=None)

    def error(self, what: str) -> ModelError:
        return ModelError(f"{self.model} at {self.url}: {what}")


def is_loopback(address: httpx.URL) -> bool:
    """Whether `address` is on this machine."""
    try:
        return ipaddress.ip_address(address.host).is_loopback
    except ValueError:
        return address.host == "localhost" or address.host.endswith(".localhost")


def failed(
    server: Server, answer: httpx.Response, said: str, body: Mapping[str, object]
) -> ModelError:
    """What an answer with an error status means. `said` is its complaint."""
    status, quote = answer.status_code, _quoted(said)
    if status in MISREAD or (status in REFUSED and refused_in(said, body)):
        refusal = RefusedError(
            str(server.error(f"it refuses the question ({status}{quote}); change what it names"))
        )
        refusal.complaint = said
        return refusal
    if status in (401, 403):
        return server.error(f"it refuses the key ({status}{quote}); {_key_remedy(server)}")
    if status == 404:
        return server.error(
            f"no such model or path (404{quote}); correct `model` to a name that "
            f"{server.base()}models lists, or the address, which as a rule ends in /v1"
        )
    if status == 429 or status >= 500:
        return _busy(server, answer, quote)
    return server.error(f"an unexpected answer ({status}{quote}); correct the address")


def unreachable(server: Server, error: httpx.HTTPError, *, begun: bool) -> ModelError:
    """What a failed connection means. `begun` says that a part of the answer was shown."""
    reason = _quoted(str(error) or type(error).__name__)
    if isinstance(error, httpx.ReadTimeout):
        return server.error(
            f"silent for {server.timeout_seconds:g} s; raise `timeout_seconds`, or look at its log"
        )
    if begun:
        return server.error(f"the connection broke in mid-answer{reason}; ask again")
    if isinstance(error, httpx.TransportError):
        return BusyError(
            str(server.error(f"no connection{reason}; start the server, or correct its address"))
        )
    return server.error(f"the answer cannot be read{reason}; look at the server's log")


def wait_for(error: Exception) -> bool | float:
    """Whether to ask again after `error`, and after how many seconds if it says so."""
    if not isinstance(error, BusyError):
        return False
    return True if error.after_seconds is None else error.after_seconds


def _busy(server: Server, answer: httpx.Response, quote: str) -> ModelError:
    status, after = answer.status_code, _seconds(answer.headers.get("Retry-After", ""))
    if after is not None and after > LONGEST_WAIT_SECONDS:
        return server.error(f"it asks to be left alone for {after:.0f} s ({status}{quote})")
    remedy = "wait, or raise your limit there" if status == 429 else "look at the server's log"
    what = "too many questions" if status == 429 else "it failed"
    error = BusyError(str(server.error(f"{what} ({status}{quote}); {remedy}")))
    error.after_seconds = after
    return error


def _seconds(header: str) -> float | None:
    """How long a Retry-After header (RFC 9110, section 10.2.3) says to wait."""
    try:
        return max(float(header), 0.0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None


def _key_remedy(server: Server) -> str:
    if server.api_key_env is None:
        return "name the environment variable that holds it as `api_key_env`"
    return f"set the environment variable {server.api_key_env} to a valid one"


def _quoted(said: str) -> str:
    """`said` on one line, cut to what fits in a message."""
    line = " ".join(said.split())
    short = line if len(line) <= LONGEST_QUOTE else f"{line[:LONGEST_QUOTE]}..."
    return f": {short}" if short else ""
