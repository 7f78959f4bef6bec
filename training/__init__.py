"""Makes the policies that flyball ships: `make policies` runs it from nothing."""
