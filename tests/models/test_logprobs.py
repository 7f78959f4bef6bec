import llama_cpp
import numpy as np
import pytest

from flyball.records import Request

pytestmark = pytest.mark.llama

PROMPT = 'Enter "bob" into the textbox.\ntextbox "name" 1\nbutton "ok" 2\nlast \n>'


async def test_log_probabilities_agree_with_a_reference_that_keeps_all_logits(
    fresh_llama, bundled_gguf
):
    grammar = 'root ::= " type textbox " ["] "zebra" ["] [ -~]+'
    pieces: list[str] = []
    request = Request(prompt=PROMPT, grammar=grammar, max_tokens=24)
    said = await fresh_llama.complete(request, pieces.append)
    reference = llama_cpp.Llama(
        str(bundled_gguf), n_ctx=512, n_threads=1, logits_all=True, verbose=False
    )
    prompt = reference.tokenize(PROMPT.encode(), add_bos=True, special=False)
    cut = [reference.tokenize(each.encode(), add_bos=False, special=False) for each in pieces]
    answer = [token for tokens in cut for token in tokens]
    assert len(answer) == said.usage.output_tokens, "a piece is not one token"
    # As it was generated: evaluated in one go, llama.cpp itself rounds by as much as 1e-3.
    reference.eval(prompt)
    for token in answer:
        reference.eval([token])
    rows = reference.scores[len(prompt) - 1 : len(prompt) + len(answer) - 1].astype(np.float64)
    logprobs = rows - np.logaddexp.reduce(rows, axis=1)[:, None]
    expected = logprobs[np.arange(len(answer)), answer]
    top = np.sort(np.exp(logprobs), axis=1)[:, -20:]
    top /= top.sum(axis=1, keepdims=True)
    reference.close()
    assert said.logprobs == pytest.approx(expected, abs=1e-3)
    assert said.entropies == pytest.approx(-(top * np.log(top)).sum(axis=1), abs=1e-3)
