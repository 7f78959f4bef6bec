"""Fetches a GGUF from a Hugging Face repository.

huggingface-hub finds the file and its checksum. The bytes are fetched here, because its
current releases throw a part of a file away, and a model is worth resuming.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import stamina
from huggingface_hub import HfApi, get_hf_file_metadata, get_token, hf_hub_url
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    HFValidationError,
    RepositoryNotFoundError,
)

from flyball.errors import ModelError
from flyball.models.gguf import read_metadata

Progress = Callable[[int, int | None], None]
"""Is told how many bytes are there, and of how many, where that is known."""

ATTEMPTS = 5
CHUNK_BYTES = 1 << 20
TIMEOUT_SECONDS = 30.0
SHA256 = re.compile("[0-9a-f]{64}")
# The class that huggingface-hub's HTTP errors have in common is that of its HTTP package,
# which is requests, httpx or httpx2 by its version.
HUB_ERRORS: tuple[type[BaseException], ...] = (*HfHubHTTPError.__bases__, OSError)


class _File(NamedTuple):
    """A file on a hub."""

    repo: str
    name: str
    url: str
    sha256: str
    size: int | None


def pull(
    repo: str,
    filename: str | None = None,
    *,
    to: Path,
    endpoint: str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Fetch `filename` of `repo` into the folder `to`, and return where it lies. Blocks.

    Without `filename` the repository must have exactly one GGUF. What an interrupted call
    has fetched is kept in a file beside it, and the next call goes on from there. The
    result is checked against the hub's SHA-256. `endpoint` is another hub than
    huggingface.co. A private repository needs HF_TOKEN. Raises `ModelError`.
    """
    with _translated(repo, endpoint):
        name = filename or _only_gguf(repo, endpoint)
        file = _found(repo, name, endpoint)
    target = to / Path(name).name
    part = to / f"{target.name}.{file.sha256[:12]}.part"
    try:
        to.mkdir(parents=True, exist_ok=True)
        if target.is_file() and _sha256(target) == file.sha256:
            return target
        _fetch(file, part, progress or _ignore)
        _check(file, part)
        return part.replace(target)
    except OSError as error:
        raise ModelError(
            f"{target}: cannot be written ({error.strerror or error}); "
            "make room, or give another folder"
        ) from error


def _only_gguf(repo: str, endpoint: str | None) -> str:
    names = HfApi(endpoint=endpoint).list_repo_files(repo)
    models = sorted(name for name in names if name.endswith(".gguf"))
    if len(models) == 1:
        return models[0]
    if not models:
        raise ModelError(f"{repo} has no GGUF file; give a repository that has")
    raise ModelError(f"{repo} has {len(models)} GGUF files; name one of: {', '.join(models)}")


def _found(repo: str, name: str, endpoint: str | None) -> _File:
    url = hf_hub_url(repo, name, endpoint=endpoint)
    try:
        metadata = get_hf_file_metadata(url)
    except EntryNotFoundError as error:
        raise ModelError(
            f"{repo} has no file {name!r}; look its name up in the repository"
        ) from error
    if SHA256.fullmatch(metadata.etag or "") is None:
        raise ModelError(f"{repo} gives no SHA-256 for {name!r}; name a GGUF file of it")
    return _File(repo, name, url, str(metadata.etag), metadata.size)


def _fetch(file: _File, part: Path, progress: Progress) -> None:
    """Fetch what is missing in `part`, and try again when the connection breaks."""
    try:
        for attempt in stamina.retry_context(
            on=httpx.TransportError, attempts=ATTEMPTS, timeout=None, wait_jitter=0.1
        ):
            with attempt:
                _fetch_rest(file, part, progress)
    except httpx.HTTPError as error:
        raise ModelError(
            f"{file.repo}: fetching {file.name} broke off ({error or type(error).__name__}); "
            "call again, and it goes on from there"
        ) from error


def _fetch_rest(file: _File, part: Path, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    if file.size is not None and have >= file.size:
        return
    headers = {"Accept-Encoding": "identity"}
    if token := get_token():
        headers["Authorization"] = f"Bearer {token}"
    if have:
        headers["Range"] = f"bytes={have}-"
    with httpx.stream(
        "GET", file.url, headers=headers, follow_redirects=True, timeout=TIMEOUT_SECONDS
    ) as answer:
        answer.raise_for_status()
        resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
        have = have if resumed else 0
        with part.open("ab" if resumed else "wb") as sink:
            for chunk in answer.iter_bytes(CHUNK_BYTES):
                sink.write(chunk)
                have += len(chunk)
                progress(have, file.size)


def _check(file: _File, part: Path) -> None:
    if _sha256(part) != file.sha256:
        part.unlink()
        raise ModelError(
            f"{file.repo}: {file.name} arrived damaged (its SHA-256 is not "
            f"{file.sha256[:12]}...) and was deleted; call again"
        )
    read_metadata(part)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _translated(repo: str, endpoint: str | None) -> Iterator[None]:
    """Say in a line what went wrong at the hub."""
    hub = endpoint or "huggingface.co"
    try:
        yield
    except HFValidationError as error:
        raise ModelError(f"{repo!r} is not a repository; write it as OWNER/NAME") from error
    except RepositoryNotFoundError as error:
        raise ModelError(
            f"{hub} shows no repository {repo!r}; correct it, or set HF_TOKEN for a private one"
        ) from error
    except HUB_ERRORS as error:
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelError(
            f"{hub} cannot be asked for {repo!r} ({said}); try again when it can be reached"
        ) from error


def _ignore(_: int, __: int | None) -> None:
    """Tell nobody."""
