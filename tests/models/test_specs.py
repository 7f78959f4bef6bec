import json
import subprocess
import sys
from pathlib import Path

import pytest

from flyball.errors import ModelError
from flyball.models import (
    LlamaModel,
    ModelSpec,
    OpenAIModel,
    check_model,
    close_model,
    gguf_path,
    is_compact,
    model_format,
    open_model,
)
from flyball.models.specs import FORMATS
from flyball.records import Request
from tests.models.stand_ins import STRING, gguf, pair, serve, text

HEAVY = {"httpx", "llama_cpp", "numpy", "huggingface_hub", "jinja2", "genai_prices"}
ANSWER = b"""{"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}],
"usage": {"prompt_tokens": 3, "completion_tokens": 2}}"""


@pytest.fixture
def compact(tmp_path) -> Path:
    path = tmp_path / "compact.gguf"
    path.write_bytes(gguf(pair("flyball.format", STRING, text("compact"))))
    return path


@pytest.mark.llama
async def test_a_bundled_model_is_opened_by_its_name():
    model = open_model(ModelSpec(name="small", gguf=Path("bundled/small"), context=256))
    assert isinstance(model, LlamaModel)
    assert (model.name, model.context) == ("small", 256)
    assert (await model.complete(Request(prompt="a", max_tokens=2))).usage.local_requests == 1
    close_model(model)


def test_a_bundled_model_may_be_named_as_a_file():
    with_suffix = gguf_path(ModelSpec(name="small", gguf=Path("bundled/small.gguf")))
    assert with_suffix == gguf_path(ModelSpec(name="small", gguf=Path("bundled/small")))


def test_a_served_model_is_opened_without_asking_it():
    model = open_model(ModelSpec(name="strong", server="http://127.0.0.1:1/v1"))
    assert isinstance(model, OpenAIModel)
    close_model(model)


@pytest.mark.parametrize("server", [None, "http://127.0.0.1:1"])
def test_a_model_is_either_a_file_or_a_server(server, compact):
    spec = ModelSpec(name="odd", gguf=compact if server else None, server=server)
    with pytest.raises(ModelError, match="model 'odd' needs either `gguf`"):
        open_model(spec)


def test_a_missing_file_is_named_before_llama_cpp_is_loaded(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        open_model(ModelSpec(name="odd", gguf=tmp_path / "absent.gguf"))


def test_a_machine_without_llama_cpp_is_told_what_to_install(compact):
    code = (
        "import pathlib, sys\n"
        "sys.modules['llama_cpp'] = None\n"
        "from flyball.models import ModelSpec, open_model\n"
        "open_model(ModelSpec(name='a', gguf=pathlib.Path(sys.argv[1])))\n"
    )
    command = [sys.executable, "-c", code, str(compact)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "model 'a' needs llama-cpp-python" in done.stderr
    assert "pip install 'flyball[local]'" in done.stderr


@pytest.mark.parametrize("form", FORMATS)
def test_the_format_is_what_the_file_says(tmp_path, form):
    path = tmp_path / "a.gguf"
    path.write_bytes(gguf(pair("flyball.format", STRING, text(form))))
    assert model_format(ModelSpec(name="a", gguf=path)) == form
    assert is_compact(form) == (form != "chat")


def test_the_configuration_says_the_format_before_the_file_does(compact):
    assert model_format(ModelSpec(name="a", gguf=compact, format="chat")) == "chat"


def test_a_file_that_says_nothing_and_a_server_are_chats(tmp_path):
    path = tmp_path / "plain.gguf"
    path.write_bytes(gguf())
    assert model_format(ModelSpec(name="a", gguf=path)) == "chat"
    assert model_format(ModelSpec(name="a", server="http://h/v1")) == "chat"


def test_a_format_of_a_later_version_is_refused(tmp_path):
    path = tmp_path / "later.gguf"
    path.write_bytes(gguf(pair("flyball.format", STRING, text("smoke signals"))))
    with pytest.raises(
        ModelError,
        match=r"'smoke signals'.*set `format` to one of: compact, compact-reasoning, chat",
    ):
        model_format(ModelSpec(name="a", gguf=path))


@pytest.mark.llama
async def test_a_check_tells_what_a_local_model_is_and_how_fast(bundled_gguf):
    for form in ("compact", "chat"):
        found = await check_model(ModelSpec(name="small", gguf=bundled_gguf, format=form))
        assert (found.ok, found.problem, found.format) == (True, "", form)
        assert found.size_bytes == bundled_gguf.stat().st_size
        assert found.architecture == "qwen3"
        assert found.context > 0
        assert found.tokens_per_second >= 0
        assert found.logprobs is True
        assert found.grammar is (True if form == "compact" else None)


async def test_a_check_asks_a_server():
    reply = 200, {"Content-Type": "application/json"}, ANSWER

    with serve(lambda *_: reply) as address:
        found = await check_model(ModelSpec(name="strong", server=address))
    assert found.ok
    assert found.tokens_per_second > 0
    assert (found.size_bytes, found.context, found.architecture) == (None, None, None)
    assert found.logprobs is False


async def test_a_check_tells_of_a_server_that_holds_no_model_to_a_page():
    body = json.dumps({"choices": [{"index": 0, "text": " back", "finish_reason": "stop"}]})
    reply = 200, {"Content-Type": "application/json"}, body.encode()
    with serve(lambda *_: reply) as address:
        found = await check_model(ModelSpec(name="far", server=address, format="compact"))
    assert (found.ok, found.grammar) == (True, False)


async def test_a_check_says_what_is_wrong_instead_of_failing(tmp_path):
    found = await check_model(ModelSpec(name="odd", gguf=tmp_path / "absent.gguf"))
    assert not found.ok
    assert "cannot be read" in found.problem


@pytest.mark.parametrize("module", ["flyball.models", "flyball.models.specs"])
def test_the_room_is_cheap_to_import(module):
    code = f"import {module}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & HEAVY


def test_the_room_has_nothing_else():
    import flyball.models  # noqa: PLC0415

    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = flyball.models.Nothing
