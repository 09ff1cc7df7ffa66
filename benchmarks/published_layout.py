"""Random numbers → a folder in the layout in which the 1B model is published, full size or tiny.

    python -m benchmarks.published_layout FOLDER [--tiny] [--outliers 20] [--head CLIP ...]

Nothing of it can recognise speech; sizes, file names, formats and oddities are those of the
published folder, so that pulling, converting, speed and rounding can be tried without it: a pickle
of 962 million float32 weights, a `vocab.json` of 10 bytes, an `alphabet.json` with two empty
labels, and a KenLM trie. Full size takes 5.5 GB of disk and 5 GB of memory.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tevr.lm.arpa import read_arpa
from tevr.lm.backoff import BackoffModel
from tevr.lm.folder import read_language_model
from tevr.lm.trie import write_trie
from tevr.store import bundled, find
from tevr.tokens import TokenTable

#: Log-probability of labels that are not said, and of all that is less likely.
_FLOOR = -12.0
#: What `config.json` says of XLS-R 1B and of fine-tuned networks with its base.
FULL: dict[str, Any] = {
    "architectures": ["Wav2Vec2ForCTC"],
    "model_type": "wav2vec2",
    "hidden_size": 1280,
    "num_hidden_layers": 48,
    "num_attention_heads": 16,
    "intermediate_size": 5120,
    "hidden_act": "gelu",
    "feat_extract_activation": "gelu",
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
    "conv_dim": [512] * 7,
    "conv_kernel": [10, 3, 3, 3, 3, 2, 2],
    "conv_stride": [5, 2, 2, 2, 2, 2, 2],
    "conv_bias": True,
    "num_conv_pos_embeddings": 128,
    "num_conv_pos_embedding_groups": 16,
    "layer_norm_eps": 1e-5,
    "vocab_size": 256,
    "pad_token_id": 0,
}
TINY = FULL | {
    "hidden_size": 256,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 512,
    "conv_dim": [32] * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}
PREPROCESSOR = {
    "do_normalize": True,
    "feature_extractor_type": "Wav2Vec2FeatureExtractor",
    "feature_size": 1,
    "padding_side": "right",
    "padding_value": 0.0,
    "processor_class": "Wav2Vec2ProcessorWithLM",
    "return_attention_mask": True,
    "sampling_rate": 16000,
}
ATTRIBUTES = {"alpha": 0.7, "beta": 0.75, "unk_score_offset": -10.0, "score_boundary": True}
NGRAMS = "language_model_4m_5gram.bin"
#: Names that torch gave the parts of a normalised weight when the model was published.
_OLD_NAMES = {
    "parametrizations.weight.original0": "weight_g",
    "parametrizations.weight.original1": "weight_v",
}
#: Channels of the encoder in which simulated outliers stand, and the share of feed-forward neurons.
_CHANNELS, _NEURONS = 6, 0.001


@dataclass(frozen=True)
class LayoutOptions:
    """What is written.

    Attributes:
        folder: where.
        sizes: what `config.json` says.
        outliers: factor by which some channels and neurons exceed the others; 1 for none. Trained
            networks have them, and they are what rounding suffers from.
        clips: sound, each (samples,), that the head is fitted to: there the network gives about
            what the bundled model gives, so that frames are as sure as real ones.
        ridge: how much the head distrusts each of its inputs, as a share of its variance. Dropout
            of 0.1 before a head teaches it about a tenth; smaller networks can follow the clips
            only with less.
        arpa: n-grams for the language model, as ARPA text; ``None`` for those of the bundled one.
        seed: of the random numbers.
    """

    folder: Path
    sizes: dict[str, Any]
    outliers: float = 1.0
    clips: tuple[np.ndarray[Any, np.dtype[np.float32]], ...] = ()
    ridge: float = 0.1
    arpa: Path | None = None
    seed: int = 0


def write_layout(options: LayoutOptions) -> Path:
    """Write the folder; returns it."""
    below = options.folder / "language_model"
    below.mkdir(parents=True)
    tokens = TokenTable.load(bundled("de-tevr") / "tokens.json")
    texts = {
        "config.json": json.dumps(options.sizes, indent=2),
        "preprocessor_config.json": json.dumps(PREPROCESSOR, indent=2),
        "vocab.json": '{"<s>": 0}',
        "alphabet.json": json.dumps({"labels": tokens.labels, "is_bpe": False}, ensure_ascii=False),
        "language_model/attrs.json": json.dumps(ATTRIBUTES),
    }
    for name, text in texts.items():
        (options.folder / name).write_text(text, encoding="utf-8")
    if options.arpa is None:
        model = read_language_model(find("de-small").folder).model()
    else:
        model = read_arpa(options.arpa)
    _write_words(model, below)
    state = _network(options).state_dict()
    torch.save({_published(name): value for name, value in state.items()},
               options.folder / "pytorch_model.bin")  # fmt: skip
    return options.folder


def _write_words(model: BackoffModel, folder: Path) -> None:
    """The n-grams as KenLM's plain trie, and their words."""
    write_trie(model, folder / NGRAMS, bits=None)
    words = sorted(word for word in model.words if not word.startswith("<"))
    (folder / "unigrams.txt").write_text("\n".join(words) + "\n", encoding="utf-8")


def _published(name: str) -> str:
    for new, old in _OLD_NAMES.items():
        name = name.replace(new, old)
    return name


@torch.inference_mode()
def _network(options: LayoutOptions) -> Any:  # noqa: ANN401 - transformers' class
    from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

    torch.manual_seed(options.seed)
    config = Wav2Vec2Config(**options.sizes)
    network = Wav2Vec2ForCTC(config).eval()
    drawn = np.random.default_rng(options.seed)
    channels = drawn.choice(config.hidden_size, _CHANNELS, replace=False)
    count = max(1, round(_NEURONS * config.intermediate_size))
    for layer in network.wav2vec2.encoder.layers:
        neurons = drawn.choice(config.intermediate_size, count, replace=False)
        layer.feed_forward.intermediate_dense.weight[neurons] *= options.outliers
        layer.feed_forward.output_dense.weight[channels] *= options.outliers
    if options.clips:
        _fit_head(network, options.clips, options.ridge)
    return network


def _columns(taught: TokenTable) -> list[int]:
    """The published label of each label of a table over single letters."""
    published = TokenTable.load(bundled("de-tevr") / "tokens.json")
    return [
        published.blank if number == taught.blank else published.labels.index(label)
        for number, label in enumerate(taught.labels)
    ]


def _fit_head(
    network: Any,  # noqa: ANN401 - transformers' class
    clips: tuple[np.ndarray[Any, np.dtype[np.float32]], ...],
    ridge: float,
) -> None:
    """Solve for the last layer with which clips give the bundled model's log-probabilities."""
    from tevr.acoustic import open_model
    from tevr.onnx_model import normalised

    teacher = find("de-small")
    columns = _columns(TokenTable.load(teacher.folder / teacher.tokens))
    frames, targets = [], []
    for clip, taught in zip(clips, open_model(teacher, 1).log_probs(clips), strict=True):
        states = network.wav2vec2(torch.from_numpy(normalised(clip, 400))[None])[0][0]
        count = min(len(states), len(taught))
        frames.append(states[:count])
        target = torch.full((count, network.lm_head.out_features), _FLOOR)
        target[:, columns] = torch.from_numpy(taught[:count].copy()).clamp(min=_FLOOR)
        targets.append(target)
    inputs, wanted = torch.cat(frames), torch.cat(targets)  # (frames, width), (frames, labels)
    mean = inputs.mean(0)
    centred = (inputs - mean).double()
    penalty = ridge * torch.diag(centred.square().sum(0))
    offset = wanted.mean(0)
    weight = torch.linalg.solve(
        centred.T @ centred + penalty, centred.T @ (wanted - offset).double()
    ).float()
    network.lm_head.weight.copy_(weight.T)
    network.lm_head.bias.copy_(offset - mean @ weight)


def main() -> None:
    """Read the flags and write the folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tiny", action="store_true", help="a network of 7 MB")
    parser.add_argument("--layers", type=int, help="another number of layers")
    parser.add_argument("--outliers", type=float, default=1.0, metavar="X")
    parser.add_argument("--head", type=Path, nargs="+", default=[], metavar="CLIP")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    from tevr.audio import read_audio

    sizes = TINY if arguments.tiny else FULL
    if arguments.layers:
        sizes = sizes | {"num_hidden_layers": arguments.layers}
    options = LayoutOptions(
        arguments.folder,
        sizes,
        arguments.outliers,
        tuple(read_audio(path) for path in arguments.head),
        seed=arguments.seed,
    )
    write_layout(options)
    size = sum(path.stat().st_size for path in arguments.folder.rglob("*") if path.is_file())
    print(f"{arguments.folder}: {size / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
