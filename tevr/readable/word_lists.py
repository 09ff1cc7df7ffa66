"""Lines of words → a set of them, so that long lists stay readable in the source."""

from __future__ import annotations


def words(lines: str) -> frozenset[str]:
    """Return the words of some lines, parted by white space."""
    return frozenset(lines.split())
