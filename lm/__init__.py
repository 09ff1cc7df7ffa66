"""Text → language model, and everything that needs one: n-grams, beam search, confidence."""
