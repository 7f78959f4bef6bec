import asyncio
import json
import subprocess
import sys

import pytest

from flyball.errors import ModelError
from flyball.models import LlamaModel
from flyball.models.engine import Engine, StoppedError
from flyball.records import Message, Request, Usage
from tests.models.stand_ins import STRING, gguf, pair, text

pytestmark = pytest.mark.llama

PROMPT = 'Click on the "ok" button.\nbutton "no" 1\nbutton "ok" 2\nlast \n>'
ENDLESS = "root ::= [a-z] root"
"""Goes on for as long as there is room."""
CHAT = (Message(role="system", content="Be brief."), Message(role="user", content="Hello"))


async def test_an_answer_tells_what_it_took(fresh_llama):
    said = await fresh_llama.complete(Request(prompt=PROMPT, max_tokens=8))
    assert said.text
    assert 0 < said.usage.output_tokens <= 8
    assert said.usage == Usage(
        requests=1,
        local_requests=1,
        input_tokens=said.usage.input_tokens,
        output_tokens=said.usage.output_tokens,
        prefill_seconds=said.usage.prefill_seconds,
        decode_seconds=said.usage.decode_seconds,
        decode_bytes=said.usage.decode_bytes,
    )


async def test_every_token_has_its_log_probability_and_entropy(llama):
    said = await llama.complete(Request(prompt=PROMPT, max_tokens=8))
    assert len(said.logprobs) == len(said.entropies) == said.usage.output_tokens
    assert all(logprob <= 0 for logprob in said.logprobs)
    assert all(entropy >= 0 for entropy in said.entropies)


async def test_greedy_answers_repeat(llama):
    first, second = [await llama.complete(Request(prompt=PROMPT)) for _ in range(2)]
    assert (first.text, first.finish) == (second.text, second.finish)


async def test_a_seed_repeats_a_draw_and_another_changes_it(llama):
    hot = [
        await llama.complete(Request(prompt="a", temperature=2.0, seed=seed, max_tokens=12))
        for seed in (1, 1, 2)
    ]
    assert hot[0].text == hot[1].text != hot[2].text


async def test_the_pieces_told_make_up_the_text(llama):
    pieces: list[str] = []
    said = await llama.complete(Request(prompt=PROMPT, max_tokens=12), pieces.append)
    assert "".join(pieces) == said.text
    assert len(pieces) > 1


async def test_pieces_are_told_on_the_event_loops_thread(llama):
    loops = []
    await llama.complete(
        Request(prompt=PROMPT, max_tokens=4), lambda _: loops.append(asyncio.get_running_loop())
    )
    assert set(loops) == {asyncio.get_running_loop()}


async def test_the_event_loop_goes_on_while_the_model_writes(llama):
    ticks = 0

    async def _tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(_tick())
    await llama.complete(Request(prompt="a", grammar=ENDLESS, max_tokens=200))
    ticking.cancel()
    assert ticks > 20


async def test_the_token_limit_cuts_an_answer_off(llama):
    said = await llama.complete(Request(prompt="a", grammar=ENDLESS, max_tokens=5))
    assert (said.finish, said.usage.output_tokens) == ("length", 5)


async def test_no_tokens_asked_for_are_none_given(llama):
    said = await llama.complete(Request(prompt=PROMPT, max_tokens=0))
    assert (said.text, said.logprobs, said.finish) == ("", (), "length")


async def test_a_full_context_cuts_an_answer_off(bundled_gguf):
    with LlamaModel(bundled_gguf, name="short", context=64) as model:
        assert model.context == 64
        said = await model.complete(Request(prompt="a b c", grammar=ENDLESS))
        assert said.finish == "length"
        assert said.usage.input_tokens + said.usage.output_tokens == 64
        assert (await model.complete(Request(prompt=PROMPT, max_tokens=1))).finish == "length"


async def test_a_prompt_that_does_not_fit_is_refused_with_both_numbers(fresh_llama):
    with pytest.raises(ModelError, match=r"small: the prompt has \d{4,} tokens .* holds 512; "):
        await fresh_llama.complete(Request(prompt="word " * 2000))
    assert (await fresh_llama.complete(Request(prompt=PROMPT, max_tokens=2))).text


async def test_a_context_is_never_longer_than_the_model_was_trained_for(bundled_gguf):
    with LlamaModel(bundled_gguf, name="long", context=10_000_000) as model:
        assert model.context == int(model.metadata["qwen3.context_length"])


async def test_a_prompt_already_read_is_not_read_again(fresh_llama):
    first = await fresh_llama.complete(Request(prompt=PROMPT, max_tokens=4))
    again = await fresh_llama.complete(Request(prompt=PROMPT, max_tokens=4))
    assert first.usage.cached_tokens == 0
    assert again.usage.cached_tokens == again.usage.input_tokens - 1


async def test_only_what_two_prompts_begin_with_is_reused(fresh_llama):
    stem = await fresh_llama.complete(Request(prompt="Click the button.", max_tokens=1))
    await fresh_llama.complete(Request(prompt="Click the button.\nfirst page", max_tokens=4))
    other = await fresh_llama.complete(Request(prompt="Click the button.\n\nother", max_tokens=4))
    assert stem.usage.input_tokens <= other.usage.cached_tokens < other.usage.input_tokens - 1


async def test_an_answer_that_the_next_prompt_quotes_is_reused_too(fresh_llama):
    first = await fresh_llama.complete(Request(prompt="a\n", grammar='root ::= "1 2 3 4 5"'))
    quoting = await fresh_llama.complete(Request(prompt=f"a\n{first.text}\n6", max_tokens=1))
    assert quoting.usage.cached_tokens > first.usage.input_tokens


async def test_reuse_changes_no_answer(fresh_llama, bundled_gguf):
    for prompt in ("x\n" + PROMPT, PROMPT[:20], PROMPT):
        reused = await fresh_llama.complete(Request(prompt=prompt, max_tokens=12))
    with LlamaModel(bundled_gguf, name="other", context=512) as other:
        clean = await other.complete(Request(prompt=PROMPT, max_tokens=12))
    assert reused.text == clean.text
    assert reused.logprobs == pytest.approx(clean.logprobs, abs=1e-3)


async def test_cancelling_stops_the_generation_and_the_model_can_be_asked_again(llama):
    told = asyncio.Event()
    pieces: list[str] = []

    def _tell(piece: str) -> None:
        pieces.append(piece)
        told.set()

    request = Request(prompt="b", grammar=ENDLESS, max_tokens=100_000)
    task = asyncio.create_task(llama.complete(request, _tell))
    await told.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(pieces) < llama.context / 2
    assert (await llama.complete(Request(prompt=PROMPT, max_tokens=4))).text


async def test_a_question_that_waits_its_turn_can_be_cancelled(llama):
    long = Request(prompt="c", grammar=ENDLESS, max_tokens=200)
    running = asyncio.create_task(llama.complete(long))
    waiting = asyncio.create_task(llama.complete(Request(prompt=PROMPT)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await running).usage.output_tokens > 0


def test_reading_a_prompt_can_be_given_up_in_the_middle(bundled_gguf):
    engine = Engine(bundled_gguf, context=512, threads=1, gpu_layers=0)
    beginning, rest = list(range(100, 140)), list(range(100, 400))
    engine.read(beginning, lambda: False)
    with pytest.raises(StoppedError):
        engine.read(beginning + rest, lambda: True)
    assert engine.cached == beginning
    assert engine.read(beginning + rest, lambda: False) == len(beginning)
    engine.close()


async def test_cancelling_while_the_prompt_is_read_leaves_the_cache_right(fresh_llama):
    request = Request(prompt="word " * 200, max_tokens=2)
    task = asyncio.create_task(fresh_llama.complete(request))
    await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    after = await fresh_llama.complete(request)
    assert after.usage.cached_tokens < after.usage.input_tokens
    assert after.text == (await fresh_llama.complete(request)).text


async def test_an_error_in_on_text_ends_the_answer_and_reaches_the_caller(llama):
    def _fail(_: str) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await llama.complete(Request(prompt=PROMPT), _fail)
    assert (await llama.complete(Request(prompt=PROMPT, max_tokens=4))).text


async def test_a_grammar_is_kept_to(llama):
    grammar = 'root ::= " press " [0-9] [0-9]'
    said = await llama.complete(Request(prompt=PROMPT, grammar=grammar))
    assert said.text.startswith(" press ")
    assert said.text[7:].isdigit()
    assert said.finish == "stop"


async def test_a_forced_token_has_the_probability_that_the_model_gave_it(llama):
    free = await llama.complete(Request(prompt=PROMPT, max_tokens=1))
    forced = await llama.complete(Request(prompt=PROMPT, grammar='root ::= "~~~"', max_tokens=1))
    assert forced.logprobs[0] < free.logprobs[0] - 1
    assert forced.entropies[0] == pytest.approx(free.entropies[0], abs=1e-3)


async def test_drawing_keeps_to_a_grammar_too(llama):
    for seed in range(5):
        request = Request(prompt="a", grammar='root ::= "yes" | "no"', temperature=3.0, seed=seed)
        assert (await llama.complete(request)).text in ("yes", "no")


async def test_a_schema_is_kept_to(llama):
    schema = {
        "type": "object",
        "properties": {"action": {"enum": ["click", "wait"]}, "sure": {"type": "boolean"}},
        "required": ["action", "sure"],
        "additionalProperties": False,
    }
    said = json.loads((await llama.complete(Request(prompt=PROMPT, schema=schema))).text)
    assert said["action"] in ("click", "wait")
    assert isinstance(said["sure"], bool)


@pytest.mark.parametrize("grammar", ['root ::= "a" nowhere', 'root ::= ("a"', 'start ::= "a"', ""])
async def test_a_broken_grammar_is_an_error_and_prints_nothing(llama, grammar, capfd):
    with pytest.raises(ModelError, match="the grammar cannot be used"):
        await llama.complete(Request(prompt=PROMPT, grammar=grammar))
    assert capfd.readouterr() == ("", "")
    assert (await llama.complete(Request(prompt=PROMPT, max_tokens=2))).text


async def test_a_schema_that_is_none_is_an_error(llama):
    with pytest.raises(ModelError, match="cannot be made into a grammar"):
        await llama.complete(Request(prompt=PROMPT, schema={"$ref": "#/nowhere"}))


async def test_a_stop_string_ends_the_answer(llama):
    whole = await llama.complete(Request(prompt=PROMPT, grammar='root ::= "one two three"'))
    pieces: list[str] = []
    cut = await llama.complete(
        Request(prompt=PROMPT, grammar='root ::= "one two three"', stop=("o t",)), pieces.append
    )
    assert (whole.text, whole.finish) == ("one two three", "stop")
    assert (cut.text, cut.finish, "".join(pieces)) == ("one tw", "stop", "one tw")
    assert len(cut.logprobs) == cut.usage.output_tokens


async def test_characters_that_tokens_split_come_out_whole(llama):
    pieces: list[str] = []
    said = await llama.complete(Request(prompt="a", grammar='root ::= "☃é漢🙂"'), pieces.append)
    assert said.text == "☃é漢🙂" == "".join(pieces)
    assert said.usage.output_tokens > 4


async def test_a_chat_is_answered_through_a_template(llama):
    said = await llama.complete(Request(prompt=CHAT, max_tokens=6))
    assert said.usage.input_tokens > 6
    assert said.usage.output_tokens > 0


async def test_thoughts_in_a_chat_are_kept_apart(llama):
    grammar = 'root ::= "<think>hm</think>\\n\\nyes"'
    said = await llama.complete(Request(prompt=CHAT, grammar=grammar))
    assert (said.thought, said.text) == ("hm", "yes")
    raw = await llama.complete(Request(prompt=PROMPT, grammar=grammar))
    assert (raw.thought, raw.text) == ("", "<think>hm</think>\n\nyes")


async def test_page_text_does_not_become_a_control_token(llama):
    marked = await llama.complete(Request(prompt="a </s> b", max_tokens=1))
    plain = await llama.complete(Request(prompt="a b", max_tokens=1))
    assert marked.usage.input_tokens > plain.usage.input_tokens + 1


def test_a_closed_model_says_so(bundled_gguf):
    model = LlamaModel(bundled_gguf, name="gone")
    model.close()
    model.close()
    with pytest.raises(ModelError, match="gone: the model was closed"):
        asyncio.run(model.complete(Request(prompt=PROMPT)))


def test_the_model_may_be_asked_from_one_event_loop_after_another(llama):
    texts = {asyncio.run(llama.complete(Request(prompt=PROMPT))).text for _ in range(2)}
    assert len(texts) == 1


def test_a_tiny_model_gets_one_thread(llama):
    assert llama.threads == 1


def test_metadata_is_text(llama):
    assert llama.metadata["general.architecture"] == "qwen3"
    assert set(llama.metadata["tokenizer.ggml.add_bos_token"]) <= set("truefals")


@pytest.mark.parametrize("part", [0.5, 0.9])
def test_a_truncated_gguf_is_refused_in_one_line(bundled_gguf, tmp_path, part, capfd):
    path = tmp_path / "half.gguf"
    whole = bundled_gguf.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(ModelError, match="corrupted or incomplete") as caught:
        LlamaModel(path, name="half")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_an_unknown_architecture_is_refused_in_one_line(tmp_path, capfd):
    path = tmp_path / "odd.gguf"
    path.write_bytes(gguf(pair("general.architecture", STRING, text("abacus"))))
    with pytest.raises(ModelError, match="unknown model architecture: 'abacus'"):
        LlamaModel(path, name="odd")
    assert capfd.readouterr() == ("", "")


def test_llama_cpp_prints_nothing_from_load_to_exit(bundled_gguf):
    code = (
        "import asyncio, pathlib, sys\n"
        "from flyball.models import LlamaModel\n"
        "from flyball.records import Request\n"
        "model = LlamaModel(pathlib.Path(sys.argv[1]), name='small')\n"
        "asyncio.run(model.complete(Request(prompt='a', max_tokens=3)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(bundled_gguf)], capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
