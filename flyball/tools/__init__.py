"""What a policy can do to the world."""
