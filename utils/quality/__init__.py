"""Stage 3, the quality of what is generated.

`quality` measures samples, arrays in and numbers out; `judging` fills quality.csv with every
measure of every generator; `checkpoint` says what it means, and which generators go on;
`figures` draw.
"""
