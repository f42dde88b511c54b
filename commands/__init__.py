"""Commands of the command line, loaded when first asked for."""
