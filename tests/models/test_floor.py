import pytest

from flyball.models.floor import bytes_per_token
from flyball.models.llama import LlamaModel
from flyball.records import Request

SMALL = {
    "general.architecture": "llama",
    "llama.block_count": "4",
    "llama.embedding_length": "256",
    "llama.attention.head_count": "8",
    "llama.attention.head_count_kv": "2",
}


def test_a_token_takes_the_weights_and_the_context_once():
    # 2 (keys and values) x 4 layers x 2 heads x 32 wide x 2 bytes = 1024 bytes a token of context.
    assert bytes_per_token(1_000_000, SMALL, 0) == 1_000_000
    assert bytes_per_token(1_000_000, SMALL, 10) == 1_010_240


def test_a_file_that_tells_no_sizes_has_its_weights_read_all_the_same():
    assert bytes_per_token(1_000_000, {}, 100) == 1_000_000


@pytest.mark.llama
async def test_a_local_model_tells_reading_and_writing_apart(bundled_gguf):
    with LlamaModel(bundled_gguf, name="small") as model:
        completion = await model.complete(Request(prompt="task click the button", max_tokens=8))
    usage = completion.usage
    assert usage.prefill_seconds > 0
    assert usage.decode_seconds > 0
    assert usage.decode_bytes >= usage.output_tokens * bundled_gguf.stat().st_size
