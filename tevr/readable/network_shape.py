"""How far the labeller's network sees: the places, before and after a word, that each layer reads.

Words after a word are read only within its stretch, that is up to the next pause that closes.
"""

from __future__ import annotations

from typing import Final

SHIFTS: Final = ((-2, -1, 0, 1, 2), (-2, -1, 0, 1, 2), (-4, -2, 0, 2, 4))
"""Places that each layer reads, relative to a word."""
LEFT: Final = -sum(shifts[0] for shifts in SHIFTS)
"""Words before a word that the layers read; the recurrent layer on them reads all."""
RIGHT: Final = sum(shifts[-1] for shifts in SHIFTS)
"""Words after a word that are read, and that live text waits for where no pause closes."""
