"""From audio to what is seen and measured of it.

`spectrograms` (mel, in dB, and back), `features` of classifiers, classical `augmentations`; for
readers, acoustic `descriptors`, `measurements` of single calls, the `call_track` through a
spectrogram, and WAV files for `listening`.
"""
