"""No request, however odd, makes the proxy fail."""

import json

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flyball.adapters import Supervision
from flyball.adapters.proxy import Proxy, Upstream, make_app
from flyball.adapters.proxy.description import DESCRIPTION
from flyball.ledger import MEMORY, Ledger

PATHS = ("chat/completions", "responses", "messages")
WORDS = st.sampled_from(
    ["role", "content", "messages", "input", "type", "text", "tool_calls", "function", "id", "user",
     "assistant", "tool", "tool_result", "tool_use", "function_call", "stream", "metadata",
     "flyball_run", "system", "name", "arguments", "model", "stream_options", "output", "index"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=20,
)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "tool", "system", "x"]) | JSON},
    optional={"content": JSON, "tool_calls": JSON, "tool_call_id": JSON, "type": WORDS},
)
BODY = st.fixed_dictionaries(
    {},
    optional={
        "messages": st.lists(MESSAGE | JSON, max_size=4) | JSON,
        "input": st.lists(MESSAGE | JSON, max_size=4) | JSON,
        "model": JSON,
        "stream": st.booleans() | JSON,
        "metadata": JSON,
        "stream_options": JSON,
        "system": JSON,
        "instructions": JSON,
    },
)


ANSWERS = {
    "chat/completions": {"choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}]},
    "responses": {"output": [{"type": "function_call", "name": "look", "call_id": "1"}]},
    "messages": {"content": [{"type": "tool_use", "name": "look", "id": "1", "input": {}}]},
}


def reply(request):
    path = request.url.path.removeprefix("/v1/")
    return httpx.Response(200, json=ANSWERS[path]) if path in ANSWERS else httpx.Response(404)


@pytest.fixture(scope="module")
def app():
    with Ledger(MEMORY) as ledger:
        up = Upstream(name="home", url=httpx.URL("http://127.0.0.1/v1/"), local=True)
        supervision = Supervision(ledger=ledger)
        behind = httpx.MockTransport(reply)
        yield make_app(Proxy(upstream=up, supervision=supervision, transport=behind))


async def ask(app, method, path, content, headers=()):
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:1/") as client:
        return await client.request(method, path, content=content, headers=dict(headers))


@pytest.mark.parametrize("path", PATHS)
@settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(body=BODY | JSON)
async def test_a_question_of_any_shape_gets_an_answer_or_a_refusal(app, path, body):
    answer = await ask(app, "POST", f"/v1/{path}", json.dumps(body).encode())
    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        assert answer.json()["error"]["message"]


def of_schema(schema):
    """Whatever a schema of the proxy's own document allows."""
    if "oneOf" in schema:
        return st.one_of(*map(of_schema, schema["oneOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "object":
            parts = {name: of_schema(each) for name, each in schema["properties"].items()}
            needed = schema.get("required", [])
            return st.fixed_dictionaries({name: parts.pop(name) for name in needed}, optional=parts)
        case "array":
            items = of_schema(schema["items"])
            return st.lists(items, min_size=schema["minItems"], max_size=4)
        case "boolean":
            return st.booleans()
        case "string":
            return st.text(max_size=8)
    return JSON


OPERATIONS = [
    (path, method.upper(), told)
    for path, ways in DESCRIPTION["paths"].items()
    for method, told in ways.items()
    if method != "parameters"
]


async def test_the_document_is_served_and_names_what_is_there(app):
    assert (await ask(app, "GET", "/openapi.json", b"")).json() == DESCRIPTION
    own = {route.path: route.methods - {"HEAD"} for route in app.routes}
    del own["/openapi.json"], own["/v1/{path:path}"]
    described: dict[str, set] = {}
    for path, method, _ in OPERATIONS:
        described.setdefault(path, set()).add(method)
    assert described == own


def body_of(told):
    content = told.get("requestBody", {}).get("content", {"application/json": {"schema": {}}})
    return of_schema(content["application/json"]["schema"])


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    case=st.one_of([st.tuples(st.just(each), body_of(each[2])) for each in OPERATIONS]), other=JSON
)
async def test_what_the_document_allows_is_answered_and_all_else_as_it_says(app, case, other):
    (path, method, told), allowed = case
    url, statuses = path.replace("{ask}", "x"), {int(each) for each in told["responses"]}
    answer = await ask(app, method, url, json.dumps(allowed).encode())
    assert answer.status_code == (404 if "{ask}" in path else 200)
    answer = await ask(app, method, url, json.dumps(other).encode())
    assert answer.status_code in statuses


@pytest.mark.parametrize("path", PATHS)
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(content=st.binary(max_size=40) | st.sampled_from([b"[" * 100_000, b"{}", b"\xff", b""]))
async def test_bytes_that_are_no_question_are_refused(app, path, content):
    assert (await ask(app, "POST", f"/v1/{path}", content)).status_code in (200, 400)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT", "HEAD"]),
    path=st.text(alphabet="abz./%:@\\0 2e", max_size=20),
    name=st.text(alphabet="abc \x00é", max_size=5),
)
async def test_no_path_leads_out_of_the_upstreams_api(app, method, path, name):
    asked = httpx.URL("http://127.0.0.1:1/").copy_with(raw_path=f"/v1/{path}".encode())
    headers = [(b"x-flyball-run", name.encode().replace(b"\x00", b""))]
    answer = await ask(app, method, asked, b"{}", headers)
    assert answer.status_code in (200, 400, 404, 405)


async def test_a_web_page_of_another_name_may_not_ask(app):
    answer = await ask(app, "POST", "/v1/chat/completions", b"{}", [("host", "evil.example")])
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/flyball/asks", "/flyball/asks/x"])
async def test_nothing_waits_for_a_person_at_first(app, path):
    body = json.dumps({"ruling": "stop"}).encode()
    answer = await ask(app, "GET" if path.endswith("asks") else "POST", path, body)
    assert answer.json() in ({"asks": []}, {"found": False})
