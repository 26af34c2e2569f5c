"""The ``tollbook`` command."""
