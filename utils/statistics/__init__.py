"""Arrays and tables in, numbers out.

`evaluation` scores a detector, with intervals; `comparison` pairs the study's rows: differences,
verdicts, real-equivalents.
"""
