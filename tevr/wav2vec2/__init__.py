"""Wav2Vec2ForCTC networks as transformers has them: read, converted, run with or without torch."""
