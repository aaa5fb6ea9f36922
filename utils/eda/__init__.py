"""Stage 0, what the data hold and what can mislead.

`exploration.explore` measures all that its notebook shows; `cues` are the floor that has nothing to
do with the call; `maps` lay clips out in the plane; `figures` draw.
"""
