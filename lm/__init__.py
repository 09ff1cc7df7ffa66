"""Text → language model, and everything that needs one.

Text to sentences
    documents (encoding, layout, markup, office) files → running text
    corpus (spoken, abbreviations, number_words, inflection, spelling) → normalised sentences
    cleaning, held_out, training_text: many texts, on several cores, without copies and tests

Sentences to a model
    counts (token_ids, pieces, scratch) n-grams of every length, out of core
    kneser_ney (selection) counts → probabilities, as a backoff model: arrays
    pruning, mixture: smaller; several into one
    compounds, composition: how words are made of words

A model to files and back
    arpa (closure), trie (trie_layout, trie_order, trie_reader, quantiser, bits, murmur)
    lexicon: the letters of all words, for the search
    whole_file: a file that appears whole or not at all
    folder, manifest, fitting, build: a folder of a wanted size, from texts or from models
    ngram, explanation: opening one; perplexity, and why a word scored as it did

Log-probabilities to words
    decoder: what every decoder is, and the greedy one
    beam, prefixes: the search
    confidence: how sure the acoustic model is of a word
"""
