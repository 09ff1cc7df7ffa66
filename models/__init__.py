"""Bundled weights (`pretrained/`), each with a card that says data, licence, recipe and figures."""
