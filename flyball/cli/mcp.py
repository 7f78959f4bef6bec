"""`flyball mcp`: the ledger for other agents, to read."""

from __future__ import annotations

from flyball.cli.options import LedgerOption, open_ledger


def mcp(ledger: LedgerOption = None) -> None:
    """Serve the ledger and the monitors' verdicts over MCP, on standard input and output.

    Agents can list runs, read steps, verdicts and costs; they can change nothing.
    """
    from flyball.adapters.mcp import make_server

    with open_ledger(ledger) as opened:
        make_server(opened).run("stdio")
