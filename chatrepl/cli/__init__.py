"""The command line: arguments into options, and what they run."""
