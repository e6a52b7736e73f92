"""The model on this machine: its weights, its server, and who looks after it."""
