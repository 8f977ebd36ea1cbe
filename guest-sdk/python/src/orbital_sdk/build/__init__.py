"""Makes a component of a project: `python -m orbital_sdk.build --project DIR --out FILE`."""
