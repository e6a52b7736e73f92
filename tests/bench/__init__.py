"""How fast chatrepl is: ``python -m tests.bench`` measures it beside floors that nobody can go below."""
