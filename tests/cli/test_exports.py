import json

from flyball.ledger import Ledger
from tests.ledger.test_exports import RUN, STEPS


def test_runs_are_written_as_otlp(call, tmp_path):
    with Ledger(tmp_path / "ledger.db") as ledger:
        ledger.add([(RUN, STEPS)])
    document = json.loads(call("export").out)
    [resource] = document["resourceSpans"]
    assert len(resource["scopeSpans"][0]["spans"]) == 5
    result = call("export", "r1", "--out", str(tmp_path / "spans.json"))
    assert (result.code, result.err) == (0, f"{tmp_path}/spans.json: 1 runs, 5 spans\n")
    assert json.loads((tmp_path / "spans.json").read_text()) == document


def test_a_file_that_cannot_be_written_is_one_line(call):
    result = call("export", "--out", "/no/such/folder/x.json")
    assert (result.code, result.err.count("\n")) == (2, 1)
