"""What was measured on CT slices → one page of HTML with its pictures inside."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOTICE = (
    "Research code, no medical device. These figures and pictures say nothing about any person's "
    "health and must never serve a diagnosis."
)
STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{border:1px solid #999;padding:.3rem .7rem}"
    ".notice{background:#b00;color:#fff;font-weight:bold;padding:1rem}img{max-width:100%}"
)


@dataclass(frozen=True)
class Attention:
    """One slice and where a classifier looked."""

    pixels: NDArray[np.uint8]
    """(height, width)."""
    heat: NDArray[np.float32]
    """(height, width), 0 to 1."""
    caption: str


def embed(features: Tensor, seed: int = 0) -> NDArray[np.float32]:
    """Return t-SNE places (slices, 2) of features (slices, size)."""
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(features) - 1) / 3)
    found = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(
        features.numpy()
    )
    return np.asarray(found, np.float32)


def draw_embedding(
    places: NDArray[np.float32], labels: NDArray[np.int64], sources: NDArray[np.str_]
) -> Figure:
    """Draw t-SNE places (slices, 2) twice: by class, and by the eight largest sources."""
    from matplotlib.figure import Figure

    figure = Figure((9, 4.4), layout="constrained")
    by_class, by_source = figure.subplots(1, 2)
    for label, name in ((0, "without"), (1, "with the finding")):
        chosen = places[labels == label]
        by_class.scatter(chosen[:, 0], chosen[:, 1], s=8, label=name)
    by_source.scatter(places[:, 0], places[:, 1], s=4, c="lightgrey")
    names, counts = np.unique(sources, return_counts=True)
    for name in names[np.argsort(-counts)[:8]]:
        chosen = places[sources == name]
        by_source.scatter(chosen[:, 0], chosen[:, 1], s=10)
    by_class.set_title("by class")
    by_source.set_title("the eight largest sources")
    by_class.legend()
    for axes in (by_class, by_source):
        axes.set_xticks([])
        axes.set_yticks([])
    return figure


def draw_attention(found: Sequence[Attention]) -> Figure:
    """Draw slices and, below each, the same under a map of where the classifier looked."""
    from matplotlib.figure import Figure

    figure = Figure((1.9 * len(found), 4.2), layout="constrained")
    rows = figure.subplots(2, len(found), squeeze=False)
    for plain, hot, each in zip(rows[0], rows[1], found, strict=True):
        plain.imshow(each.pixels, cmap="gray", vmin=0, vmax=255)
        plain.set_title(each.caption, fontsize=8)
        hot.imshow(each.pixels, cmap="gray", vmin=0, vmax=255)
        hot.imshow(each.heat, cmap="inferno", alpha=0.5, vmin=0, vmax=1)
        plain.axis("off")
        hot.axis("off")
    return figure


def write_report(
    path: Path,
    title: str,
    tables: Mapping[str, Sequence[Sequence[str]]],
    words: Sequence[str],
    pictures: Mapping[str, Figure],
) -> None:
    """Write one page that needs no other file.

    Args:
        path: of the page.
        title: its heading.
        tables: heading → rows of cells, the first of them the columns' names.
        words: paragraphs in plain words.
        pictures: caption → picture.
    """
    parts = [f"<h1>{escape(title)}</h1>", f'<p class="notice">{escape(NOTICE)}</p>']
    parts += [f"<p>{escape(each)}</p>" for each in words]
    for heading, rows in tables.items():
        head, *body = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
        lines = "".join(f"<tr>{row}</tr>" for row in body)
        head = head.replace("td>", "th>")
        parts += [f"<h2>{escape(heading)}</h2>", f"<table><tr>{head}</tr>{lines}</table>"]
    for caption, figure in pictures.items():
        image = f'<img alt="{escape(caption)}" src="data:image/png;base64,{_encoded(figure)}">'
        parts.append(f"<h2>{escape(caption)}</h2>{image}")
    page = "\n".join(parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>\n{page}\n"
        f"</body></html>\n",
        encoding="utf-8",
    )
    part.replace(path)


def _encoded(figure: Figure) -> str:
    """Return a picture as base64 of PNG."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
