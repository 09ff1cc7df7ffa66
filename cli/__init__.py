"""Thin commands: flags → one call of the library → output."""
