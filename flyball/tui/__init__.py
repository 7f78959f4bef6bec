"""The screen: run agents, watch them, and look through what they took."""
