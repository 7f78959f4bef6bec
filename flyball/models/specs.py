"""A model as the configuration names it, and how to open it and try it out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

from flyball.errors import ModelError
from flyball.models.bundled import bundled_path
from flyball.models.gguf import Value, read_metadata
from flyball.records import Lines, Message, Request
from flyball.roles import Model

Format = Literal["compact", "compact-reasoning", "chat"]
"""How a policy speaks to a model: flyball's own short lines, those with a line of thought before
the action, or a chat."""
FORMATS: tuple[Format, ...] = ("compact", "compact-reasoning", "chat")

BUNDLED = "bundled"
IN_PROCESS = "llama.cpp"
"""Who answers for a GGUF."""
FORMAT_KEY = "flyball.format"
TRIAL = 'Click on the "ok" button.\nbutton "ok" 1\nlast \n>'

UNLIKELY = " zebra 7"
"""What no model says to the trial of its own accord."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model, as a table `[models.NAME]` of flyball.toml describes it."""

    name: str
    gguf: Path | None = None
    """A GGUF file, or `bundled/NAME` for one that comes with flyball."""
    server: str | None = None
    """Base of an OpenAI-compatible API, as a rule ending in /v1."""
    model: str | None = None
    """What the server calls the model; its name here, if that is not given."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the server's key."""
    format: Format | None = None
    """`None`: what the GGUF says of itself, and a chat where it says nothing."""
    context: int = 16_384
    """Most tokens of a prompt and its answer together."""
    threads: int | None = None
    gpu_layers: int = 0
    """Layers to put on the GPU; -1 for all."""
    timeout_seconds: float = 120.0
    """How long the server may be silent."""
    local: bool | None = None
    """Whether this machine pays by its electricity; `None` lets the address tell."""
    provider: str | None = None
    """Whose price list holds, by the names of genai-prices."""
    input_usd_per_mtok: Decimal | None = None
    output_usd_per_mtok: Decimal | None = None
    """Prices in dollars for a million tokens, which go before any list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCheck:
    """What was found when a model was tried out."""

    name: str
    ok: bool
    """Whether it loads and answers."""
    problem: str = ""
    """What is wrong and what to do about it, in a line."""
    format: Format | None = None
    size_bytes: int | None = None
    context: int | None = None
    architecture: str | None = None
    tokens_per_second: float | None = None
    """Speed of a short answer, reading the prompt included."""
    logprobs: bool | None = None
    """Whether it tells the log-probabilities of its tokens."""
    grammar: bool | None = None
    """Whether its answers can be held to what a page offers; `None` for a chat, which is not."""


def gguf_path(spec: ModelSpec) -> Path | None:
    """Where the model's GGUF lies; `None` for a model behind a server. Raises `ModelError`."""
    if (spec.gguf is None) == (spec.server is None):
        raise ModelError(
            f"model {spec.name!r} needs either `gguf`, a file, or `server`, an address, "
            f"and has {'neither' if spec.gguf is None else 'both'}"
        )
    if spec.gguf is None:
        return None
    if len(spec.gguf.parts) == 2 and spec.gguf.parts[0] == BUNDLED:
        return bundled_path(spec.gguf.name.removesuffix(".gguf"))
    return spec.gguf.expanduser()


def provider_of(spec: ModelSpec) -> str | None:
    """Who answers for the model, as genai-prices names them; `None` where nobody knows."""
    if spec.server is None:
        return IN_PROCESS
    # psutil comes with the meters, and few ask.
    from flyball.meters.prices import provider_at  # noqa: PLC0415

    return spec.provider or provider_at(spec.server)


def open_model(spec: ModelSpec) -> Model:
    """Load the GGUF, or get ready to ask the server. Blocks. Raises `ModelError`."""
    path = gguf_path(spec)
    if path is None:
        return _remote(spec)
    read_metadata(path)
    try:
        # Loading llama.cpp takes as long as all the rest of a start.
        from flyball.models.llama import LlamaModel  # noqa: PLC0415
    except ImportError as error:
        raise ModelError(
            f"model {spec.name!r} needs llama-cpp-python ({error}); "
            "install it with: pip install 'flyball[local]'"
        ) from error
    return LlamaModel(
        path,
        name=spec.name,
        context=spec.context,
        threads=spec.threads,
        gpu_layers=spec.gpu_layers,
    )


def close_model(model: Model) -> None:
    """Give back what an opened model holds. A model behind a server holds nothing."""
    close = getattr(model, "close", None)
    if callable(close):
        close()


def is_compact(form: Format) -> bool:
    """Whether it is one of flyball's own."""
    return form != "chat"


def model_format(spec: ModelSpec) -> Format:
    """How to speak to the model. Raises `ModelError` for a GGUF that cannot be read."""
    if spec.format is not None:
        return spec.format
    path = gguf_path(spec)
    return "chat" if path is None else _format_in(path, read_metadata(path))


async def check_model(spec: ModelSpec) -> ModelCheck:
    """Open the model and ask it something short. What is wrong is in `problem`."""
    try:
        return await _checked(spec)
    except ModelError as error:
        return ModelCheck(name=spec.name, ok=False, problem=str(error))


async def _checked(spec: ModelSpec) -> ModelCheck:
    path, form = gguf_path(spec), model_format(spec)
    metadata = {} if path is None else read_metadata(path)
    model = open_model(spec)
    try:
        begun = time.perf_counter()
        answer = await model.complete(_trial(form))
        seconds = time.perf_counter() - begun
        held = await _keeps_to_lines(model) if is_compact(form) else None
    finally:
        close_model(model)
    return ModelCheck(
        name=spec.name,
        ok=True,
        format=form,
        size_bytes=None if path is None else path.stat().st_size,
        context=usable_context(spec, metadata),
        architecture=_architecture(metadata),
        tokens_per_second=answer.usage.output_tokens / seconds,
        logprobs=answer.logprobs is not None,
        grammar=held,
    )


def _remote(spec: ModelSpec) -> Model:
    # httpx takes longer to load than all of flyball's core.
    from flyball.models.openai import OpenAIModel  # noqa: PLC0415
    from flyball.models.server import Server  # noqa: PLC0415

    server = Server(
        url=spec.server or "",
        model=spec.model or spec.name,
        api_key_env=spec.api_key_env,
        timeout_seconds=spec.timeout_seconds,
        local=spec.local,
        provider=spec.provider,
        input_usd_per_mtok=spec.input_usd_per_mtok,
        output_usd_per_mtok=spec.output_usd_per_mtok,
    )
    return OpenAIModel(server, name=spec.name)


def _format_in(path: Path, metadata: Mapping[str, Value]) -> Format:
    said = metadata.get(FORMAT_KEY, "chat")
    for known in FORMATS:
        if said == known:
            return known
    raise ModelError(
        f"{path}: its {FORMAT_KEY} is {said!r}, which this version does not know; "
        f"set `format` to one of: {', '.join(FORMATS)}"
    )


def _trial(form: Format) -> Request:
    prompt = Message(role="user", content=TRIAL)
    return Request(prompt=TRIAL if is_compact(form) else (prompt,), max_tokens=16)


async def _keeps_to_lines(model: Model) -> bool:
    request = replace(_trial("compact"), stop=("\n",), lines=Lines(whole=(UNLIKELY,)))
    return (await model.complete(request)).text.strip() == UNLIKELY.strip()


def _architecture(metadata: Mapping[str, Value]) -> str | None:
    return str(metadata["general.architecture"]) if "general.architecture" in metadata else None


def usable_context(spec: ModelSpec, metadata: Mapping[str, Value]) -> int | None:
    """Most tokens of a prompt and its answer: what is asked for, cut to what was trained."""
    trained = metadata.get(f"{_architecture(metadata)}.context_length")
    return min(spec.context, trained) if isinstance(trained, int) else None
