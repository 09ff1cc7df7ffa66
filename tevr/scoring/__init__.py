"""References and what a recogniser made of them → errors counted, tested and explained."""

from tevr.scoring.alignment import word_errors

__all__ = ["word_errors"]
