"""llama.cpp behind a handful of calls: load, cut into tokens, evaluate, read the logits.

Only this module and `grammar` import llama_cpp. They keep to the C interface, because the
package's own `Llama` sends the whole process's output to /dev/null while it loads, and
wants `logits_all=True` (context x vocabulary floats) before it tells a probability.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import llama_cpp
import numpy as np

from flyball.errors import ModelError
from flyball.models.grammar import Grammar, compiled
from flyball.models.lines import LineChoice, Vocabulary
from flyball.models.sampling import Logits
from flyball.records import Lines

BATCH = 512
"""Prompt tokens evaluated at a time."""
SHORT = 32
ERROR_LEVEL = 4
"""GGML_LOG_LEVEL_ERROR of ggml.h."""

Found = TypeVar("Found")

log = logging.getLogger(__name__)
_loading = threading.Lock()
_complaints: deque[str] = deque(maxlen=20)
"""llama.cpp's log is one to a process, so this has to be too."""


def _listen(level: int, text: bytes, _: ctypes.c_void_p) -> None:
    line = text.decode("utf-8", "replace").strip()
    if level == ERROR_LEVEL:
        _complaints.append(line)
    log.debug("%s", line)


_listener = llama_cpp.llama_log_callback(_listen)
_start: Callable[[], None] = llama_cpp.llama_backend_init
llama_cpp.llama_log_set(_listener, ctypes.c_void_p(0))
_start()


class StoppedError(Exception):
    """The evaluation was given up because the caller asked for it."""


class Engine:
    """A loaded GGUF, and the tokens that its cache holds. For one thread at a time."""

    def __init__(self, path: Path, *, context: int, threads: int, gpu_layers: int) -> None:
        """Load `path`. `gpu_layers` of -1 means all. Raises `ModelError`."""
        self.cached: list[int] = []
        """Tokens evaluated and kept, the oldest first."""
        with _loading, contextlib.ExitStack() as undo:
            self._model = _load(path, gpu_layers)
            undo.callback(llama_cpp.llama_model_free, self._model)
            self.context: int = min(context, llama_cpp.llama_model_n_ctx_train(self._model))
            self._context = _open(self._model, path, self.context, threads, gpu_layers)
            undo.callback(llama_cpp.llama_free, self._context)
            # Freed at exit at the latest: later, llama.cpp's log would find no interpreter.
            self.close = weakref.finalize(self, undo.pop_all().close)
        self._memory = _present(llama_cpp.llama_get_memory(self._context))
        self._vocabulary = _present(llama_cpp.llama_model_get_vocab(self._model))
        self.vocabulary_size = llama_cpp.llama_vocab_n_tokens(self._vocabulary)
        self._one = (llama_cpp.llama_token * 1)()
        self._one_batch = llama_cpp.llama_batch_get_one(self._one, 1)
        self._view: tuple[int, Logits] | None = None
        self._pieces: dict[tuple[int, bool], bytes] = {}
        self._sound_grammars: set[str] = set()
        self.evaluated = 0
        """How many tokens were evaluated since the model was loaded, prompts and answers."""

    def tokens(self, text: str, *, special: bool) -> list[int]:
        """Cut `text` into tokens. `special` lets control tokens be written as text."""
        data = text.encode("utf-8", "replace")
        size = len(data) + 2
        buffer = (llama_cpp.llama_token * size)()
        count = llama_cpp.llama_tokenize(
            self._vocabulary, data, len(data), buffer, size, False, special
        )
        return list(buffer[:count])

    def begun(self, tokens: list[int]) -> list[int]:
        """Put the token that begins a text in front, where the model was trained with it."""
        first = llama_cpp.llama_vocab_bos(self._vocabulary)
        if not llama_cpp.llama_vocab_get_add_bos(self._vocabulary) or tokens[:1] == [first]:
            return tokens
        return [int(first), *tokens]

    def mark(self, which: str) -> str:
        """The text of the token that begins (`bos`) or ends (`eos`) a text; "" for none."""
        find = llama_cpp.llama_vocab_bos if which == "bos" else llama_cpp.llama_vocab_eos
        token = int(find(self._vocabulary))
        return self.piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""

    def piece(self, token: int, *, special: bool) -> bytes:
        """The bytes of `token`; nothing for a control token, unless `special`."""
        known = self._pieces.get((token, special))
        if known is not None:
            return known
        size = 256
        buffer = ctypes.create_string_buffer(size)
        count = llama_cpp.llama_token_to_piece(self._vocabulary, token, buffer, size, 0, special)
        return self._pieces.setdefault((token, special), buffer.raw[: max(count, 0)])

    def ends(self, token: int) -> bool:
        """Whether `token` says that the answer is over."""
        return bool(llama_cpp.llama_vocab_is_eog(self._vocabulary, token))

    def read(self, prompt: Sequence[int], stopped: Callable[[], bool]) -> int:
        """Evaluate `prompt`, and return how many of its tokens the cache already held.

        The last token is always evaluated, because its logits are not kept.
        Raises `StoppedError` once `stopped()` is true.
        """
        reused = self._keep(min(_common(prompt, self.cached), len(prompt) - 1))
        for start in range(reused, len(prompt), BATCH):
            part = prompt[start : start + BATCH]
            buffer = (llama_cpp.llama_token * len(part))(*part)
            # A short part is over before anyone could give it up.
            ask = self._giving_up(stopped) if len(part) > SHORT else contextlib.nullcontext()
            with ask:
                self._decode(llama_cpp.llama_batch_get_one(buffer, len(part)), part)
        return reused

    def go_on(self, token: int) -> None:
        """Evaluate one more token."""
        self._one[0] = token
        self._decode(self._one_batch, (token,))

    def logits(self) -> Logits:
        """The scores of the next token. A view: it is only good until the next evaluation."""
        row = llama_cpp.llama_get_logits_ith(self._context, -1)
        address = ctypes.addressof(row.contents)
        if self._view is None or self._view[0] != address:
            self._view = address, np.ctypeslib.as_array(row, shape=(self.vocabulary_size,))
        return self._view[1]

    @contextlib.contextmanager
    def grammar(self, text: str) -> Iterator[Grammar]:
        """Hold a GBNF grammar open, at its beginning. Raises `ModelError`."""
        sampler = compiled(text, self._vocabulary, known=text in self._sound_grammars)
        self._sound_grammars.add(text)
        try:
            yield Grammar(sampler)
        finally:
            llama_cpp.llama_sampler_free(sampler)

    def lines(self, lines: Lines) -> LineChoice:
        """Offer `lines` as answers, from their beginning."""
        return LineChoice(lines, self._words)

    @cached_property
    def _words(self) -> Vocabulary:
        tokens = range(self.vocabulary_size)
        pieces = [self.piece(token, special=False) for token in tokens]
        return Vocabulary(pieces, filter(self.ends, tokens))

    def _keep(self, count: int) -> int:
        """Forget all but the first `count` tokens, or all where the model cannot do that."""
        if not llama_cpp.llama_memory_seq_rm(self._memory, 0, count, -1):
            llama_cpp.llama_memory_clear(self._memory, True)
            count = 0
        del self.cached[count:]
        return count

    def _decode(self, batch: llama_cpp.llama_batch, tokens: Sequence[int]) -> None:
        status = llama_cpp.llama_decode(self._context, batch)
        if status == 0:
            self.cached.extend(tokens)
            self.evaluated += len(tokens)
            return
        self._keep(len(self.cached))
        if status == 2:
            raise StoppedError
        raise ModelError(f"llama.cpp could not evaluate the prompt (llama_decode: {status})")

    @contextlib.contextmanager
    def _giving_up(self, stopped: Callable[[], bool]) -> Iterator[None]:
        # Only around prompts: the question is asked at every node of the graph.
        ask = llama_cpp.ggml_abort_callback(lambda _: stopped())
        nobody = llama_cpp.ggml_abort_callback()
        llama_cpp.llama_set_abort_callback(self._context, ask, ctypes.c_void_p(0))
        try:
            yield
        finally:
            llama_cpp.llama_set_abort_callback(self._context, nobody, ctypes.c_void_p(0))


def _load(path: Path, gpu_layers: int) -> llama_cpp.llama_model_p:
    parameters = llama_cpp.llama_model_default_params()
    parameters.n_gpu_layers = gpu_layers
    _complaints.clear()
    model: llama_cpp.llama_model_p | None
    model = llama_cpp.llama_model_load_from_file(os.fsencode(path), parameters)
    if model is None:
        reasons = [line.partition("error loading model: ")[2] for line in _complaints]
        reason = next(filter(None, reasons), "llama.cpp does not say why")
        raise ModelError(
            f"{path}: llama.cpp cannot load it ({reason}); "
            "fetch the file again, or give a GGUF of a supported architecture"
        )
    if llama_cpp.llama_model_has_encoder(model):
        llama_cpp.llama_model_free(model)
        raise ModelError(f"{path}: a model with an encoder cannot go on with a text; give another")
    return model


def _open(
    model: llama_cpp.llama_model_p, path: Path, size: int, threads: int, gpu_layers: int
) -> llama_cpp.llama_context_p:
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_ctx = size
    parameters.n_batch = parameters.n_ubatch = BATCH
    parameters.n_threads = parameters.n_threads_batch = threads
    if gpu_layers == 0:
        # On a processor, flash attention rounds more than the 1e-3 that we promise.
        parameters.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
    context: llama_cpp.llama_context_p | None
    context = llama_cpp.llama_init_from_model(model, parameters)
    if context is None:
        reason = _complaints[-1] if _complaints else "out of memory"
        raise ModelError(
            f"{path}: no room for a context of {size} tokens ({reason}); set a smaller `context`"
        )
    return context


def _present(found: Found | None) -> Found:
    if found is None:
        raise ModelError("the GGUF is not a model that generates text; give a language model")
    return found


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    """Length of the longest beginning that `a` and `b` share."""
    for index, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return index
    return min(len(a), len(b))
