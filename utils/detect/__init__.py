"""From a data set to a detector that is taken away, and over long recordings.

A detector is a folder of numbers and text: `detector.json`, `weights.npz`, what it scored on
recordings that it had not heard, and `card.md`. Nothing in it is executed when it is read.

`commands` are those of `whales detect`. `training` fits what `recipes` advise, on labelled and
`described` calls, and writes the `card`; `store` keeps a detector, `fitted` its classifiers.
`running` goes over a folder, `listening` over a recording, and `events` become `selections`;
`evaluating` compares these with annotations, `scoring` clips with their labels.
"""
