"""The commands, a module for each kind; see `serve.cli` for the table."""
