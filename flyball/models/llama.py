"""A GGUF in this process, through llama.cpp."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import numpy as np
import psutil

from flyball.errors import ModelError
from flyball.models.answers import Outlet, split_thought, split_tool_calls
from flyball.models.chat import ChatTemplate
from flyball.models.engine import Engine, StoppedError
from flyball.models.floor import bytes_per_token, timed
from flyball.models.gguf import read_metadata
from flyball.models.grammar import Grammar, grammar_of
from flyball.models.lines import LineChoice, log_share
from flyball.models.sampling import TOP, Logits, Tally, draw, likeliest
from flyball.records import Completion, Request, ToolCall, Usage
from flyball.records.dialogue import Finish

TINY_BYTES = 50_000_000
"""Below this, a second thread costs more in waiting than it saves in arithmetic."""


class LlamaModel:
    """A language model that runs in this process, in a worker thread of its own.

    What stays the same at the beginning of two prompts in a row is not evaluated again.
    `on_text` is told of thoughts too, as they are written.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        context: int = 16_384,
        threads: int | None = None,
        gpu_layers: int = 0,
    ) -> None:
        """Load the GGUF at `path`.

        `context` is cut to what the model was trained for. `threads` is 1 for a model
        under 50 MB and one for each physical core otherwise. `gpu_layers` of -1 puts all
        layers on the GPU. Raises `ModelError`.
        """
        self._name = name
        self.metadata: Mapping[str, str] = {
            key: str(value).lower() if isinstance(value, bool) else str(value)
            for key, value in read_metadata(path).items()
        }
        """What the file says about itself, except for arrays."""
        self._file_bytes = path.stat().st_size
        self.threads = threads or _suitable_threads(path)
        self._engine = Engine(path, context=context, threads=self.threads, gpu_layers=gpu_layers)
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"llama-{name}")
        self._template: ChatTemplate | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def context(self) -> int:
        """How many tokens a prompt and its answer may have together."""
        return self._engine.context

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        """Answer `request`; cancelling stops the generation within a token.

        Log-probabilities are the model's own, before temperature, lines and grammar: what
        was forced upon it shows as unlikely. Raises `ModelError`.
        """
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[str | None] = asyncio.Queue()
        stop = threading.Event()

        def _tell(piece: str) -> None:
            loop.call_soon_threadsafe(pieces.put_nowait, piece)

        job = self._submit(request, _tell if on_text else _ignore, stop)
        answer = asyncio.wrap_future(job)
        try:
            if on_text:
                answer.add_done_callback(lambda _: pieces.put_nowait(None))
                while (piece := await pieces.get()) is not None:
                    on_text(piece)
            return await asyncio.shield(answer)
        finally:
            stop.set()
            if not answer.done() and not job.cancel():
                await asyncio.wait([answer])

    def close(self) -> None:
        """Give the memory back. The model cannot be asked any more."""
        self._worker.shutdown()
        self._engine.close()

    def __enter__(self) -> LlamaModel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _submit(
        self, request: Request, tell: Callable[[str], None], stop: threading.Event
    ) -> Future[Completion]:
        try:
            return self._worker.submit(self._answer, request, tell, stop)
        except RuntimeError as error:
            raise ModelError(f"{self.name}: the model was closed; open it again") from error

    def _answer(
        self, request: Request, tell: Callable[[str], None], stop: threading.Event
    ) -> Completion:
        prompt, stops, reused = self._prompt(request), request.stop, 0
        if not isinstance(request.prompt, str):
            stops += self._chat_template().stops
        run = _Run(self._engine, request, Outlet(stops), tell)
        began = read = time.perf_counter()
        with contextlib.suppress(StoppedError):
            reused = self._engine.read(prompt, stop.is_set)
            read = time.perf_counter()
            run.generate(stop.is_set)
        usage = Usage(requests=1, local_requests=1, input_tokens=len(prompt), cached_tokens=reused)
        bytes_each = bytes_per_token(self._file_bytes, self.metadata, len(prompt))
        return run.completion(timed(usage, began, read), bytes_each)

    def _prompt(self, request: Request) -> list[int]:
        engine = self._engine
        if isinstance(request.prompt, str):
            tokens = engine.tokens(request.prompt, special=False)
        else:
            tokens = self._chat_template().tokens(
                request.prompt,
                request.tools,
                lambda text, special: engine.tokens(text, special=special),
            )
        tokens = engine.begun(tokens)
        if not tokens:
            raise ModelError(f"{self.name}: the prompt is empty; give it at least a character")
        if len(tokens) >= engine.context:
            raise ModelError(
                f"{self.name}: the prompt has {len(tokens)} tokens and the context holds "
                f"{engine.context}; shorten the prompt, or raise `context` in the model's table "
                "as far as the model was trained for"
            )
        return tokens

    def _chat_template(self) -> ChatTemplate:
        if self._template is None:
            marks = {f"{which}_token": self._engine.mark(which) for which in ("bos", "eos")}
            source = self.metadata.get("tokenizer.chat_template")
            self._template = ChatTemplate(source, marks=marks)
        return self._template


class _Run:
    """One answer in the making."""

    def __init__(
        self, engine: Engine, request: Request, outlet: Outlet, tell: Callable[[str], None]
    ) -> None:
        self._engine = engine
        self._request = request
        self._outlet = outlet
        self._tell = tell
        # Chats may mark their thoughts and calls with control tokens.
        self._special = not isinstance(request.prompt, str)
        self._tally = Tally(engine.vocabulary_size)
        self._random = np.random.default_rng(request.seed)
        self._last: int | None = None
        self._top = min(TOP, engine.vocabulary_size)
        self._finish: Finish = "length"
        self._lines = engine.lines(request.lines) if request.lines else None
        self._allowed = 0.0
        """Log-probability of what was allowed, along the answer."""

    def generate(self, stopped: Callable[[], bool]) -> None:
        """Write the answer to the prompt that the engine has just read, token by token."""
        room = min(self._request.max_tokens, self._engine.context - len(self._engine.cached))
        with self._grammar() as grammar:
            for _ in range(room):
                if stopped() or not self._advance(grammar):
                    break
        self._say(self._outlet.rest())

    def completion(self, usage: Usage, bytes_each: int) -> Completion:
        """What has been written. `usage` lacks what is known of the generated tokens only."""
        thought, text, calls = "", self._outlet.text, tuple[ToolCall, ...]()
        if self._special:
            thought, text = split_thought(text)
        if self._request.tools:
            calls, text = split_tool_calls(text)
        logprobs = self._tally.logprobs()
        if not all(map(math.isfinite, logprobs)):
            raise ModelError("the model's scores are not finite numbers; give another GGUF")
        return Completion(
            text=text,
            thought=thought,
            tool_calls=calls,
            logprobs=logprobs,
            entropies=self._tally.entropies(),
            forbidden=None if self._lines is None else -math.expm1(self._allowed),
            usage=replace(
                usage, output_tokens=len(logprobs), decode_bytes=bytes_each * len(logprobs)
            ),
            finish="tool_calls" if calls else self._finish,
        )

    def _advance(self, grammar: Grammar | None) -> bool:
        """Write one more token; false once the answer is over."""
        if self._last is not None:
            self._engine.go_on(self._last)
        logits = self._engine.logits()
        line = self._lines
        token = self._last = self._pick_of(logits, line) if line else self._pick(logits, grammar)
        if self._engine.ends(token) or (line and line.ends(token)):
            self._finish = "stop"
            return False
        if line:
            line.accept(token)
        elif grammar:
            grammar.accept(token)
        self._tally.add(logits, token)
        self._say(self._outlet.push(self._engine.piece(token, special=self._special)))
        if self._outlet.stopped:
            self._finish = "stop"
        return not self._outlet.stopped

    def _pick(self, logits: Logits, grammar: Grammar | None) -> int:
        greedy = self._request.temperature <= 0
        token = int(logits.argmax()) if greedy else self._draw(logits)
        # A grammar is slow to ask about a whole vocabulary, and seldom has to be: a draw
        # that it refuses may be drawn again from what it allows without bending the
        # distribution, and the best that it allows is as a rule among the best of all.
        if grammar is None or grammar.allows(np.array([token]))[0]:
            return token
        if greedy:
            likely = likeliest(logits, self._top)
            allowed = likely[grammar.allows(likely)]
            if len(allowed):
                return int(allowed[0])
        masked = np.where(grammar.allows(np.arange(len(logits))), logits, -np.inf)
        if masked.max() == -np.inf:
            raise ModelError("the grammar allows no token of this model; give another grammar")
        return int(masked.argmax()) if greedy else self._draw(masked)

    def _pick_of(self, logits: Logits, line: LineChoice) -> int:
        allowed = line.allowed()
        if not len(allowed):
            raise ModelError("no token of this model goes on with a line; give another model")
        self._allowed += log_share(logits, allowed)
        best = allowed[logits[allowed].argmax()]
        if self._request.temperature <= 0:
            return int(best)
        return int(allowed[self._draw(logits[allowed])])

    def _draw(self, logits: Logits) -> int:
        return draw(logits, self._request.temperature, self._random)

    def _grammar(self) -> contextlib.AbstractContextManager[Grammar | None]:
        if self._lines is None and self._request.grammar is not None:
            return self._engine.grammar(self._request.grammar)
        if self._lines is None and self._request.schema is not None:
            return self._engine.grammar(grammar_of(self._request.schema))
        return contextlib.nullcontext()

    def _say(self, text: str) -> None:
        if text:
            self._tell(text)


def _suitable_threads(path: Path) -> int:
    if path.stat().st_size < TINY_BYTES:
        return 1
    return psutil.cpu_count(logical=False) or os.cpu_count() or 1


def _ignore(_: str) -> None:
    """Tell nobody."""
