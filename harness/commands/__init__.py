"""What the commands do; `harness.cli` only parses."""
