"""What an export wrote and changed → lines for people, data for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tevr.scoring.rates import Rate
    from tevr.training.model_folder import Exported
    from tevr.training.parity import Difference, Errors


def export_lines(exported: Exported) -> list[str]:
    """Differences, errors, and where the model is."""
    parity = exported.parity
    lines = [
        f"float32    {_differing(parity.exported)}",
        f"int8       {_differing(parity.rounded)}",
    ]
    if parity.before and parity.after:
        before, after = (each.words.value for each in (parity.before, parity.after))
        heard = f"in {parity.before.clips} clips"
        lines.append(
            f"greedy     {before:.1%} wrong words before rounding, {after:.1%} after, {heard}"
        )
    for (name, title), errors in exported.tests.items():
        lines.append(f"{name:<10} {_shown(errors.words)} wrong words, {title}")
    size = exported.files.records[exported.files.acoustic].bytes
    return [*lines, f"written    {exported.files.folder}, network {size / 1e6:.1f} MB"]


def export_data(exported: Exported) -> dict[str, object]:
    """The same as JSON has it."""
    parity = exported.parity
    greedy = (("float32", parity.before), ("int8", parity.after))
    return {
        "name": exported.files.name,
        "folder": str(exported.files.folder),
        "bytes": {name: record.bytes for name, record in exported.files.records.items()},
        "parity": {
            form: {"largest": each.largest, "mean": each.mean, "agreement": each.agreement}
            for form, each in (("float32", parity.exported), ("int8", parity.rounded))
        },
        "greedy": {form: _errors(each) for form, each in greedy if each},
        "tests": [
            {"recordings": name, "decoder": title} | _errors(each)
            for (name, title), each in exported.tests.items()
        ],
    }


def _differing(difference: Difference) -> str:
    return (
        f"log-probabilities differ by {difference.largest:.2g} at most,"
        f" {difference.agreement:.2%} same best label"
    )


def _shown(rate: Rate) -> str:
    low, high = rate.interval
    return f"{rate.value:.1%} ({100 * low:.1f}–{100 * high:.1f})"


def _errors(errors: Errors) -> dict[str, object]:
    return {
        "clips": errors.clips,
        "words": errors.words.counts.length,
        "wer": errors.words.value,
        "wer_interval": errors.words.interval,
        "cer": errors.letters.value,
        "cer_interval": errors.letters.interval,
    }
