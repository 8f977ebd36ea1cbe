"""One case for each behaviour that all SDKs have in common."""
