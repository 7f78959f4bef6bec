import asyncio
import gc
import os
import warnings
from contextlib import suppress

import pytest

from flyball.ledger import Ledger

# LiteLLM asks the network for prices when it is imported.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """No host may report anything home, and no key of ours may be seen by one."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "sk-test")
    for name in ("OPENAI_AGENTS_DISABLE_TRACING", "DO_NOT_TRACK"):
        monkeypatch.setenv(name, "True")
    monkeypatch.setenv("LANGSMITH_TRACING", "false")


def let_go():
    """Find the clients that hosts leave open, without the warnings that are errors here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


def close_loop():
    """Close the event loop that a host leaves behind as the thread's own."""
    with warnings.catch_warnings(), suppress(RuntimeError):  # there is none
        warnings.simplefilter("ignore")
        asyncio.get_event_loop_policy().get_event_loop().close()
        asyncio.set_event_loop(None)


@pytest.fixture(scope="module", autouse=True)
def _let_go_at_last():
    """Let nothing that a host leaves open be found in a test of another room."""
    yield
    close_loop()
    gc.unfreeze()
    let_go()


@pytest.fixture
def left_open():
    """Let go of what a host leaves open, as soon as its test is over."""
    gc.freeze()  # what the hosts' packages made is out of the search
    yield
    let_go()
    gc.unfreeze()
