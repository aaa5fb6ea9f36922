"""Stage 4, what helps when few calls are labelled.

The study: `protocol` fixes it, `arms` are the strategies, those of the hydrophone in `simulated`;
`study` runs a cell, `running` many, and `stored` are the rows of study.csv. The answer: `answer`
computes it from the rows, `pretrained` stands a network that others trained beside them, and
`joined` something beside that; `front` and `summary` tell it, `details` and `figures` show what is
behind it. Beside it: `replicas` asks how wide its intervals should be, `mechanism` why a
strategy helps, `background` whether a detector hears what surrounds the call, `transfer` whether
generators help once they have heard the simulated ocean, `from_pixels` whether a network that
learns its own filters profits more, `amounts` how many simulated clips are enough, `operating` what
a detector finds at few false alarms, in recordings that come after, and in other deployments.
"""
