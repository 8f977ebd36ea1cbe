"""The suite. Each case is in a module of its own."""
