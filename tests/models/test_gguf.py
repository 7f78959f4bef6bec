import struct

import pytest

from flyball.errors import ModelError
from flyball.models import bundled_names, bundled_path, read_metadata
from tests.models.stand_ins import ARRAY, BOOL, FLOAT32, STRING, UINT32, gguf, pair, text


def test_strings_numbers_and_truth_values_are_read(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(
        gguf(
            pair("flyball.format", STRING, text("compact")),
            pair("llama.context_length", UINT32, struct.pack("<I", 1024)),
            pair("llama.epsilon", FLOAT32, struct.pack("<f", 0.5)),
            pair("tokenizer.ggml.add_bos_token", BOOL, b"\x01"),
        )
    )
    assert read_metadata(path) == {
        "flyball.format": "compact",
        "llama.context_length": 1024,
        "llama.epsilon": 0.5,
        "tokenizer.ggml.add_bos_token": True,
    }


def test_arrays_are_stepped_over(tmp_path):
    path = tmp_path / "model.gguf"
    strings = struct.pack("<IQ", STRING, 2) + text("a") + text("bc")
    numbers = struct.pack("<IQ", UINT32, 3) + b"\x00" * 12
    nested = struct.pack("<IQ", ARRAY, 1) + numbers
    path.write_bytes(
        gguf(
            pair("tokens", ARRAY, strings),
            pair("types", ARRAY, numbers),
            pair("nested", ARRAY, nested),
            pair("general.name", STRING, text("after")),
        )
    )
    assert read_metadata(path) == {"general.name": "after"}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not a GGUF file"),
        (b"PK\x03\x04 something else", "not a GGUF file"),
        (b"GGUF", "the file ends in the middle of its header"),
        (gguf(version=1), "GGUF version 1 is not supported"),
        (gguf(count=3), "the file ends in the middle of its header"),
        (gguf(pair("a", STRING, struct.pack("<Q", 1 << 60))), "ends in the middle"),
        (gguf(pair("a", 77, b"")), "unknown type 77"),
    ],
)
def test_what_is_not_a_gguf_is_refused_in_one_line(tmp_path, content, complaint):
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=complaint) as caught:
        read_metadata(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"absent\.gguf: cannot be read \(No such file"):
        read_metadata(tmp_path / "absent.gguf")


def test_a_folder_is_not_a_model(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        read_metadata(tmp_path)


def test_the_bundled_model_says_what_it_is(bundled_gguf):
    assert read_metadata(bundled_gguf)["general.architecture"] == "qwen3"


def test_bundled_models_are_found_by_name():
    assert "small" in bundled_names()
    assert bundled_path("small").is_file()


@pytest.mark.parametrize("name", ["nobody", "../small", ""])
def test_an_unknown_bundled_model_is_refused_with_the_known_names(name):
    with pytest.raises(ModelError, match=r"no bundled model is called .*small"):
        bundled_path(name)
