"""Language models: in this process through llama.cpp, or behind any OpenAI-compatible server.

Nothing heavy is imported before it is asked for: llama.cpp with `LlamaModel`, httpx with
`OpenAIModel` and `Server`, huggingface-hub with `pull`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from flyball.models.bundled import bundled_names, bundled_path
from flyball.models.gguf import read_metadata
from flyball.models.specs import (
    Format,
    ModelCheck,
    ModelSpec,
    check_model,
    close_model,
    gguf_path,
    is_compact,
    model_format,
    open_model,
    provider_of,
    usable_context,
)

if TYPE_CHECKING:
    from flyball.models.hub import pull
    from flyball.models.llama import LlamaModel
    from flyball.models.openai import OpenAIModel
    from flyball.models.server import Server

__all__ = [
    "Format",
    "LlamaModel",
    "ModelCheck",
    "ModelSpec",
    "OpenAIModel",
    "Server",
    "bundled_names",
    "bundled_path",
    "check_model",
    "close_model",
    "gguf_path",
    "is_compact",
    "model_format",
    "open_model",
    "provider_of",
    "pull",
    "read_metadata",
    "usable_context",
]

_LATE = {
    "LlamaModel": "flyball.models.llama",
    "OpenAIModel": "flyball.models.openai",
    "Server": "flyball.models.server",
    "pull": "flyball.models.hub",
}


def __getattr__(name: str) -> object:
    if name in _LATE:
        found: object = getattr(import_module(_LATE[name]), name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
