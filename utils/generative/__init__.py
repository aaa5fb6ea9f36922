"""Stage 2, five generative models.

`synthesis` trains, samples, looks into them and stores their clips; `trials` compare forms, count
collapses and draw more; `lessons` show their source; `figures` draw.
"""
