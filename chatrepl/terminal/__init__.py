"""The terminal: keys into lines, events into a picture."""
