"""Stage 1, classifiers on real clips alone.

`baseline` makes data ready for all later stages (`prepare`), runs classifiers and fills the tables;
`labelling` asks what wrong labels do to a score; `figures` draw.
"""
