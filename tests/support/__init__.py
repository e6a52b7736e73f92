"""What is no test: servers, terminals, strategies and the like, shared by the tests."""
