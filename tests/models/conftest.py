from collections.abc import Iterator
from pathlib import Path

import pytest

from flyball.models import LlamaModel, bundled_path


@pytest.fixture(scope="session")
def bundled_gguf() -> Path:
    return bundled_path("small")


@pytest.fixture(scope="module")
def llama(bundled_gguf) -> Iterator[LlamaModel]:
    with LlamaModel(bundled_gguf, name="small") as model:
        yield model


@pytest.fixture
def fresh_llama(bundled_gguf) -> Iterator[LlamaModel]:
    """A model whose cache is empty."""
    with LlamaModel(bundled_gguf, name="small", context=512) as model:
        yield model
