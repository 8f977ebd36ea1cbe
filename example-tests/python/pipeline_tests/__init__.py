"""The example pipeline, tested from Python."""
