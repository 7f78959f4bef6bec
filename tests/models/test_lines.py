"""Lines that are offered: what a model may say, and what is kept of what it wanted to say."""

import itertools
import math

import numpy as np
import pytest

from flyball.errors import ModelError
from flyball.models import LlamaModel
from flyball.models.gbnf import gbnf_of
from flyball.models.lines import LineChoice, Vocabulary, log_share
from flyball.records import Lines, Request

PIECES = [b"", b"\n", b" ", b"a", b"b", b'"', b'b "', b'"x', b"ab", b"\xc3", b"\xa9", b"b\n"]
END = 0


def choice(*whole, begun=()):
    return LineChoice(Lines(whole=whole, begun=begun), Vocabulary(PIECES, [END]))


def told(line):
    """What may come next, as text; the end is `None`."""
    return {None if token == END else PIECES[token] for token in line.allowed()}


def write(line, *pieces):
    for piece in pieces:
        assert piece in told(line)
        line.accept(PIECES.index(piece))
    return line


def test_only_what_lines_go_on_with_may_come_next():
    line = choice(" a", " ab", " b")
    assert told(line) == {b" "}
    assert told(write(line, b" ")) == {b"a", b"b", b"ab"}
    assert told(write(line, b"a")) == {b"b", b"\n", None}
    assert told(write(line, b"b")) == {b"\n", None}


def test_a_character_may_be_written_byte_by_byte():
    assert told(write(choice("é"), b"\xc3")) == {b"\xa9"}


def test_free_text_ends_with_a_quotation_mark_and_the_line():
    line = choice(begun=('a "',))
    assert told(write(line, b"a", b" ")) == {b'"', b'"x'}
    inside = {piece for piece in PIECES if piece and b"\n" not in piece}
    assert told(write(line, b'"x')) == inside
    assert told(write(line, b'"')) == {*inside, b"\n", None}
    assert told(write(line, b"a")) == inside


def test_the_opening_mark_is_not_the_closing_one():
    line = write(choice(begun=('a "',)), b"a", b" ", b'"')
    assert None not in told(line)
    assert None in told(write(line, b'"'))


def test_a_token_may_reach_from_the_beginning_of_a_line_into_its_text():
    assert told(write(choice(begun=('a "',)), b"a", b" ")) == {b'"', b'"x'}


def test_the_share_of_what_is_allowed_is_its_probability():
    logits = np.log(np.array([0.5, 0.3, 0.2], np.float32))
    assert log_share(logits, np.array([0, 2])) == pytest.approx(math.log(0.7))
    assert log_share(logits, np.array([0, 1, 2])) <= 0


PROMPT = 'Click on the "ok" button.\nbutton "no" 1\nbutton "ok" 2\nlast \n>'


@pytest.mark.llama
async def test_a_model_says_one_of_the_lines_and_what_it_wanted_is_kept(llama):
    free = await llama.complete(Request(prompt=PROMPT, stop=("\n",)))
    kept = await llama.complete(
        Request(prompt=PROMPT, stop=("\n",), lines=Lines(whole=(free.text, " back")))
    )
    assert kept.text == free.text
    # Tokens that need no choice are read several at a time, which rounds otherwise.
    assert kept.logprobs == pytest.approx(free.logprobs, abs=0.01)
    other = await llama.complete(Request(prompt=PROMPT, lines=Lines(whole=(" back", " wait"))))
    assert other.text in (" back", " wait")
    assert free.forbidden is None
    assert 0 <= kept.forbidden < 0.5 < other.forbidden <= 1
    # The line itself is among what was allowed, so its own probability is a lower bound.
    assert 1 - other.forbidden >= math.exp(sum(other.logprobs)) - 1e-9
    assert sum(other.logprobs) < sum(free.logprobs)


@pytest.mark.llama
async def test_a_draw_keeps_to_the_lines_too(llama):
    lines = Lines(whole=(" back",), begun=(' finish "',))
    for seed in range(5):
        request = Request(
            prompt=PROMPT, temperature=2.0, seed=seed, lines=lines, stop=("\n",), max_tokens=300
        )
        said = await llama.complete(request)
        whole = said.text == " back" or (
            said.text.startswith(' finish "') and said.text[9:].endswith('"')
        )
        assert whole or said.finish == "length"


@pytest.mark.llama
async def test_lines_that_no_token_can_write_are_refused(llama):
    with pytest.raises(ModelError, match="no token"):
        await llama.complete(Request(prompt=PROMPT, lines=Lines()))


@pytest.mark.llama
async def test_the_grammar_of_the_lines_says_the_same(llama):
    lines = Lines(whole=(" back", ' click button "a\\b" 2'), begun=(' fill textbox "é" 1 "',))
    for text in (*lines.whole, f'{lines.begun[0]}z"'):
        only = Lines(whole=(text,))
        direct = await llama.complete(Request(prompt=PROMPT, lines=only, stop=("\n",)))
        through = await llama.complete(Request(prompt=PROMPT, grammar=gbnf_of(only), stop=("\n",)))
        assert direct.text == through.text == text
    said = await llama.complete(Request(prompt=PROMPT, grammar=gbnf_of(lines), stop=("\n",)))
    assert said.text in lines.whole or said.text.startswith(lines.begun)


def _common(some, others):
    same = (one == other for one, other in zip(some, others, strict=False))
    return sum(itertools.takewhile(bool, same))


@pytest.mark.llama
async def test_no_token_in_the_cache_is_evaluated_again(bundled_gguf):
    """Two policies in one process, each asked in turn about prompts that alternate."""
    prompts = [f"{PROMPT[:-1]}{turn}\n>" for turn in ("a", "b")] + ["Another goal.\nlast \n>"]
    with (
        LlamaModel(bundled_gguf, name="one", context=512) as one,
        LlamaModel(bundled_gguf, name="two", context=512) as two,
    ):
        for turn in range(12):
            for model, lines in ((one, None), (two, Lines(whole=(" back", " wait")))):
                engine = model._engine
                held, before = list(engine.cached), engine.evaluated
                request = Request(prompt=prompts[turn % 3], lines=lines, stop=("\n",))
                usage = (await model.complete(request)).usage
                tokens = engine.cached[: usage.input_tokens]
                common = _common(tokens, held)
                # The last token of a prompt is evaluated in any case: its logits are not kept.
                assert usage.cached_tokens == min(common, len(tokens) - 1)
                written = len(engine.cached) - usage.input_tokens
                assert written in (usage.output_tokens - 1, usage.output_tokens)
                assert engine.evaluated - before == len(engine.cached) - usage.cached_tokens
