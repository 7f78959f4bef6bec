"""The screen: run agents, watch them, and look through what they took.

Nothing here is loaded before it is shown. Workers read and wait, and post messages; handlers own
the state. A run goes on in a process of its own, and is followed through the ledger alone.
"""
