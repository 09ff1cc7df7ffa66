"""Recordings with their words → a folder of results: what was heard, counted and explained."""
