"""Figures: functions that take data and `ax=None`, label axes with units, and return the axes.

`clips`, `scores` and `diagrams` draw; `style` and `generators` hold names, colours and sizes.
Titles are claims and belong to the notebooks. Colours of classifiers and classes are those of Okabe
and Ito (2008), which the colour-blind can tell apart, and mean the same in every notebook; lines
differ in style as well.
"""

# ruff: noqa: F401 -- what is imported here is the face of the package

from utils.plotting.clips import (
    class_counts,
    class_histograms,
    class_means,
    clip_grid,
    contour,
    effect_sizes,
    group_balance,
    map_by_class,
    map_by_group,
    spectrogram,
    spectrogram_grid,
)
from utils.plotting.diagrams import diagram
from utils.plotting.scores import (
    confusion_panels,
    cue_floor,
    learning_curves,
    precision_recall_curves,
    reliability_curves,
    roc_curves,
    score_by_part,
    score_intervals,
    training_history,
)
from utils.plotting.style import (
    CLASS_COLOURS,
    CLASS_NAMES,
    CUES,
    DIFFERENCE_MAP,
    DPI,
    MODELS,
    REFERENCE_LINE,
    SOURCES,
    SPECTROGRAM_MAP,
    WIDTH,
    descriptor_title,
    level,
    lighter,
    model_style,
    model_title,
    new_axes,
    number,
    p_value,
    percent,
    place_legend,
    save,
    use_style,
)
