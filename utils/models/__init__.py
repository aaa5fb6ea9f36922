"""What learns: `classifiers`, whose networks are in `neural`, and `generators`, a file each.

Both are built by name, out of registries that import Keras (`backend`) when a network is first
asked for (`lazy`). `embeddings` are those of a network that others trained.
"""
