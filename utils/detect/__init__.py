"""From a data set to a detector that is taken away, and over long recordings.

A detector is a folder of numbers and text: `detector.json`, `weights.npz`, what it scored on
recordings that it had not heard, and `card.md`. Nothing in it is executed when it is read.
"""
