import pytest

from flyball.ledger import Ledger


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """No host may report anything home, and no key of ours may be seen by one."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "sk-test")
    for name in ("OPENAI_AGENTS_DISABLE_TRACING", "DO_NOT_TRACK", "LITELLM_LOCAL_MODEL_COST_MAP"):
        monkeypatch.setenv(name, "True")
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
