"""Diagrams of boxes and arrows: the layers of a network, the parts of a model."""

from collections.abc import Iterable, Mapping

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

FACES = {"plain": "#F0F0F0", "learned": "#DCEAF5", "random": "#FCE8D5", "real": "#E3F1E3"}
HALF_WIDTH, HALF_HEIGHT = 0.43, 0.4


def diagram(boxes: Mapping, arrows: Iterable, ax: Axes, *, size: float) -> Axes:
    """Draw boxes, name to (x, y, text, a key of FACES), and arrows (from, to) between them.

    size: of the text, in points. Arrows run from side to side, or upwards and downwards where both
    boxes stand in one column.
    """
    for x, y, text, kind in boxes.values():
        corner, extent = (x - HALF_WIDTH, y - HALF_HEIGHT), (2 * HALF_WIDTH, 2 * HALF_HEIGHT)
        style = {"boxstyle": "round,pad=0,rounding_size=0.06", "fc": FACES[kind], "ec": "#8C8C8C"}
        ax.add_patch(FancyBboxPatch(corner, *extent, **style))
        ax.text(x, y, text, ha="center", va="center", fontsize=size)
    for start, end in arrows:
        (x, y, *_), (to_x, to_y, *_) = boxes[start], boxes[end]
        if x == to_x:
            up = 1 if to_y > y else -1
            ends = (x, y + up * HALF_HEIGHT), (to_x, to_y - up * HALF_HEIGHT)
        else:
            ends = (x + HALF_WIDTH, y), (to_x - HALF_WIDTH, to_y)
        ax.annotate("", ends[1], ends[0], arrowprops={"arrowstyle": "->", "color": "#5C5C5C"})
    columns, rows = ([box[axis] for box in boxes.values()] for axis in (0, 1))
    ax.set(xlim=(min(columns) - 0.5, max(columns) + 0.5), ylim=(min(rows) - 0.5, max(rows) + 0.5))
    ax.axis("off")
    return ax
