"""What `flyball.toml` may say: one class a table, one field a key."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from flyball.config.values import FilePath, GgufPath, Names, ProgramPath, Table
from flyball.models.specs import Format
from flyball.monitors.approvals import Kind as AskedKind
from flyball.records import HandOverKind, Recover
from flyball.tools.sandbox.opening import Kind
from flyball.tools.sandbox.others import IMAGE

USD_PER_KWH = 0.30
"""About what a European household pays. Prices differ by a factor of ten: set your own."""

SECRET_HINT = (
    "secrets do not belong in this file: put the key into an environment variable and name it "
    'with api_key_env = "NAME"'
)


class RunTable(Table):
    """`[run]`: what a run is made of where the call does not say."""

    policy: str = "bundled/small"
    strong: str | None = None
    """The policy that an escalation goes to."""
    grammar: bool = True
    """Whether a policy of the compact format can only say what the page offers."""
    temperature: Annotated[float, Field(ge=0)] = 0.0
    """Of policies that a call drives; suites are played at 0."""
    max_steps: PositiveInt = 30
    max_seconds: PositiveFloat | None = None
    max_output_tokens: PositiveInt | None = None
    budget_joules: PositiveFloat | None = None
    budget_usd: PositiveFloat | None = None
    budget_battery_percent: PositiveFloat | None = None
    """Percentage points of the battery's charge."""
    monitors: Names = ("over_budget", "repeats", "openhands_stuck")
    """Entry-point names; `[monitors.NAME]` has their settings."""
    tools: Names = ()
    """Tools of plug-ins that the agent has besides its own."""
    shadow: Names = ()
    """Those of them that judge and are written down, and are not obeyed."""


class GovernorTable(Table):
    """`[governor]`: how verdicts become a decision, and who drives."""

    kind: Literal["strictest", "priced"] = "strictest"
    confidence: Annotated[float, Field(ge=0, le=1)] = 0.8
    """Verdicts that are less sure than this are written down and not followed."""
    burst: PositiveInt | Literal["permanent"] | None = None
    """For how many steps a policy that is called in drives. If not given, 5 for `strictest`; for
    good for `priced`, which prices an escalation as that."""
    cooldown: NonNegativeInt = 2
    """For how many steps after a burst nobody is called in again."""
    most_bursts: PositiveInt = 3
    flapping: Literal["stay", "stop"] = "stay"
    """What comes after that many: the next burst does not end, or the run does."""
    strong_down: Literal["go_on", "stop"] = "go_on"
    strong_seconds: PositiveFloat | None = 300.0
    """How long the strong policy, or a verifier, may take to answer."""
    hand_over: HandOverKind = "compact"
    verifier: str = "strong"
    """`strong`, `checker`, `tests`, `none`, or one that a plug-in offers."""
    test_command: str | None = None
    """For the verifier `tests`: what is run, without a shell; it fails if its exit code is not
    0."""
    recover: Recover = "failed_check"
    """What goes back to the last step that was verified, where the tool can."""
    prefer: Literal["success", "balanced", "energy"] = "balanced"
    """For `priced`, as all that follows: what a failed task is worth, if not said below."""
    failed_task_joules: PositiveFloat | None = None
    failed_task_usd: PositiveFloat | None = None
    hysteresis: Annotated[float, Field(ge=0, lt=1)] = 0.1
    give_up: bool = True
    """Whether a run that the strong policy is about to lose too is stopped (`Priced.give_up`)."""
    expectations: FilePath | None = None
    """What `flyball monitors expect` wrote; what comes with flyball if not given."""


class EnergyTable(Table):
    """`[energy]`: how energy is read, and what it costs."""

    meter: str = "auto"
    """An entry-point name, or `auto`: the surest that this machine offers."""
    usd_per_kwh: NonNegativeFloat = USD_PER_KWH
    watts_per_core: PositiveFloat | None = None
    """In place of the table of processors, for the estimate on machines without counters."""
    pue: Annotated[float, Field(ge=1)] = 1.0
    """What the building takes in over what its computers do, for the estimate: 1 at home."""
    psf: Annotated[float, Field(ge=1)] = 1.0
    """How often work is done to get its result once, for the estimate."""
    country: str | None = None
    """ISO 3166 code, as `DE` or `DEU`: whose grid's carbon intensity counts."""
    grams_per_kwh: NonNegativeFloat | None = None
    """In place of the country's yearly mean."""
    grid_url: str | None = None
    """An address that answers with the grid's intensity now: a number, or JSON with one."""
    grid_key: str = "carbonIntensity"
    """Where in that JSON the number of grams a kWh is; dots go down into it."""
    watts_ceiling: PositiveFloat | None = None
    """Runs pause between steps while they take more than this on average."""


class TelemetryTable(Table):
    """`[telemetry]`: where runs are told of as they go; nowhere if not given."""

    otlp: str | None = None
    """Address of a collector that takes OTLP over HTTP, as `http://localhost:4318`."""

    @field_validator("otlp")
    @classmethod
    def _is_an_address(cls, otlp: str | None) -> str | None:
        if otlp is not None and not otlp.startswith(("http://", "https://")):
            raise ValueError(f"{otlp!r} is no address; it must begin with http:// or https://")
        return otlp


class LedgerTable(Table):
    """`[ledger]`: where runs are written down."""

    path: FilePath | None = None


class BrowserTable(Table):
    """`[browser]`: which browser, and what it may do."""

    executable: ProgramPath | None = None
    headless: bool = True
    allow_hosts: Names = ()
    """Hosts that may be opened besides that of the first page."""
    viewport: Annotated[tuple[PositiveInt, PositiveInt], Field(strict=False)] = (1280, 720)
    """Width and height in CSS pixels."""
    timeout_seconds: PositiveFloat = 10.0
    budget_tokens: PositiveInt = 2_000
    """How much of a page is shown at a time."""
    sandbox: bool = False
    """Start it in bubblewrap; where that does not work, it does not start."""


class SandboxTable(Table):
    """`[sandbox]`: where a coding agent's programs run, and how much they may take."""

    kind: Kind = "auto"
    image: str = IMAGE
    """For Docker and Podman."""
    read: Annotated[tuple[FilePath, ...], Field(strict=False)] = ()
    """Folders that may be read besides the system and the repository."""
    allow_net: bool = False
    yes: Annotated[tuple[AskedKind, ...], Field(strict=False)] = ()
    """What `--yes` allows without asking."""
    test_command: str | None = None
    memory_mb: PositiveInt = 2_048
    processes: PositiveInt = 128
    file_mb: PositiveInt = 256
    disk_mb: PositiveInt = 1_024
    cpu_seconds: PositiveInt = 300
    wall_seconds: PositiveFloat = 60.0


class ModelTable(Table):
    """`[models.NAME]`: a GGUF file on this machine, or a model behind a server."""

    gguf: GgufPath | None = None
    """A file, or `bundled/NAME` for a model that comes with flyball."""
    server: str | None = None
    """Base address of an OpenAI-compatible server, as a rule ending in `/v1`."""
    model: str | None = None
    """What the server calls it."""
    api_key_env: str | None = None
    """The environment variable that holds the key."""
    format: Format | None = None
    """How to speak to it, where it does not say so itself."""
    context: PositiveInt | None = None
    """Tokens."""
    threads: PositiveInt | None = None
    gpu_layers: int | None = None
    timeout_seconds: PositiveFloat | None = None
    local: bool | None = None
    """Whether the server is this machine: its price is then electricity."""
    provider: str | None = None
    """Whose price list holds, as genai-prices names it."""
    input_usd_per_mtok: NonNegativeFloat | None = None
    output_usd_per_mtok: NonNegativeFloat | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_secrets(cls, values: Any) -> Any:
        if isinstance(values, dict) and "api_key" in values:
            raise ValueError(f"api_key is refused: {SECRET_HINT}")
        return values

    @field_validator("server")
    @classmethod
    def _is_an_address(cls, server: str | None) -> str | None:
        if server is not None and not server.startswith(("http://", "https://")):
            raise ValueError(f"{server!r} is no address; it must begin with http:// or https://")
        return server

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.gguf is None) == (self.server is None):
            raise ValueError("give exactly one of gguf (a file) and server (an address)")
        return self


class ListPriceTable(Table):
    """`[list_prices.NAME]`: what a model would cost at somebody's list, for comparisons alone."""

    input_usd_per_mtok: NonNegativeFloat
    output_usd_per_mtok: NonNegativeFloat
    cached_usd_per_mtok: NonNegativeFloat | None = None
    """For prompt tokens that came from a cache; those of the input if not given."""


class McpTable(Table):
    """`[mcp.NAME]`: a server whose tools the agent has besides its own."""

    command: Names = ()
    """What starts it, and is spoken to over its standard input."""
    url: str | None = None
    """Where it is, if it runs already."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.command) == (self.url is not None):
            raise ValueError("a server has either a command or a url")
        return self


class Tables(Table):
    """The whole file."""

    run: RunTable = RunTable()
    governor: GovernorTable = GovernorTable()
    energy: EnergyTable = EnergyTable()
    telemetry: TelemetryTable = TelemetryTable()
    ledger: LedgerTable = LedgerTable()
    browser: BrowserTable = BrowserTable()
    sandbox: SandboxTable = SandboxTable()
    models: dict[str, ModelTable] = Field(default_factory=dict)
    list_prices: dict[str, ListPriceTable] = Field(default_factory=dict)
    monitors: dict[str, dict[str, Any]] = Field(default_factory=dict)
    mcp: dict[str, McpTable] = Field(default_factory=dict)
