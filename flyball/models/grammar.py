"""Keeps an answer to a grammar: which tokens of a model may come next."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import tempfile
from collections.abc import Iterator, Mapping

import llama_cpp
import numpy as np
import numpy.typing as npt
from llama_cpp.llama_grammar import json_schema_to_gbnf

from flyball.errors import ModelError
from flyball.models.sampling import Tokens

STDERR = 2


class Grammar:
    """A place in a grammar: knows which tokens may come next."""

    CANDIDATE = np.dtype([("token", np.int32), ("logit", np.float32), ("p", np.float32)])
    """llama_token_data of llama.h."""

    def __init__(self, sampler: llama_cpp.llama_sampler_p) -> None:
        self._sampler = sampler

    def allows(self, tokens: Tokens) -> npt.NDArray[np.bool_]:
        """Which of `tokens` may come next; shape (len(tokens),)."""
        candidates = np.zeros(len(tokens), dtype=self.CANDIDATE)
        candidates["token"] = tokens
        data = candidates.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token_data))
        array = llama_cpp.llama_token_data_array(data, len(tokens), -1, False)
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.pointer(array))
        allowed: npt.NDArray[np.bool_] = np.isfinite(candidates["logit"])
        return allowed

    def accept(self, token: int) -> None:
        """Go on by `token`, which must be allowed."""
        llama_cpp.llama_sampler_accept(self._sampler, token)


def grammar_of(schema: Mapping[str, object]) -> str:
    """The GBNF grammar of a JSON schema. Raises `ModelError`."""
    try:
        return str(json_schema_to_gbnf(json.dumps(schema)))
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as e:
        raise ModelError(f"the JSON schema cannot be made into a grammar: {e}") from e


def compiled(
    grammar: str, vocabulary: llama_cpp.llama_vocab_p, *, known: bool
) -> llama_cpp.llama_sampler_p:
    """Compile a GBNF grammar for a vocabulary. `known` says that it was sound before.

    The caller frees what is returned. Raises `ModelError`.
    """
    sampler: llama_cpp.llama_sampler_p
    with _stderr_kept(not known) as said:
        source = grammar.encode("utf-8", "replace")
        sampler = llama_cpp.llama_sampler_init_grammar(vocabulary, source, b"root")
    if not sampler or not grammar.strip():
        reason = "; ".join(said) or "it has no rule called root"
        raise ModelError(f"the grammar cannot be used ({reason}); give it as valid GBNF")
    return sampler


@contextlib.contextmanager
def _stderr_kept(wanted: bool) -> Iterator[list[str]]:
    """Keep the first line that C code writes on stderr, in the list that is yielded.

    The grammar parser knows no other way to complain.
    """
    said: list[str] = []
    if not wanted:
        yield said
        return
    real = os.dup(STDERR)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), STDERR)
        try:
            yield said
        finally:
            os.dup2(real, STDERR)
            os.close(real)
            file.seek(0)
            said.extend(file.read().decode("utf-8", "replace").splitlines()[:1])
