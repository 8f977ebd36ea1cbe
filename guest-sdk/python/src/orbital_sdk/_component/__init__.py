"""What runs inside a component only: it needs the bindings that are generated when one is built."""
