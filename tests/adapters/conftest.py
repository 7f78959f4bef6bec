import gc
import os

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


@pytest.fixture
def left_open():
    """Find the clients that hosts leave open, while warnings of them are still let go by."""
    gc.freeze()  # what the hosts' packages made is out of the search
    yield
    gc.collect()
    gc.unfreeze()
