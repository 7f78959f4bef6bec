"""Language models: in this process through llama.cpp, or behind any OpenAI-compatible server.

Nothing heavy is imported before it is asked for: llama.cpp with `LlamaModel`, httpx with
`OpenAIModel`, huggingface-hub with `pull`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from flyball.models.bundled import bundled_names, bundled_path
from flyball.models.gguf import read_metadata

if TYPE_CHECKING:
    from flyball.models.llama import LlamaModel

__all__ = ["LlamaModel", "bundled_names", "bundled_path", "read_metadata"]

_LATE = {"LlamaModel": "flyball.models.llama"}


def __getattr__(name: str) -> object:
    if name in _LATE:
        found: object = getattr(import_module(_LATE[name]), name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
