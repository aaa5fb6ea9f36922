"""A simulated hydrophone with North Atlantic right whale up-calls: the embedded default data.

Clips of 2 s at 2 kHz come in recordings. A recording has its own weather, shipping, flow noise and
recorder, all of which drift slowly, and its own whales, so clips of one recording resemble each
other as in reality and have to stay on one side of a split. Everything follows from one seed.

What the ranges rest on
-----------------------
Up-call: a frequency-modulated upsweep, mostly between 50 and 200 Hz and about 1 s long, given in
bouts (Clark 1982, Anim. Behav. 30; Mellinger 2004, Can. Acoust. 32(2); Parks & Tyack 2005, J.
Acoust. Soc. Am. 117). Start and end frequency differ between habitats and years and rise with the
noise (Parks, Clark & Tyack 2007, JASA 122; Parks et al. 2009, JASA 125). Detectors allow for 50 to
350 Hz and for curved (polynomial) phase (Gillespie 2004, Can. Acoust. 32(2); Urazghildiiev & Clark
2006, JASA 120). Spread and curvature were then set by eye and by learning curves against the clips
of the 2013 Marinexplore and Cornell challenge.
Ambient noise: spectra after Wenz 1962, JASA 34, in the closed form of Coates 1989, Underwater
Acoustic Systems; flow noise falling steeply with frequency (Strasberg 1979, JASA 66).
Other sources: sei whale and other baleen downsweeps (Baumgartner et al. 2008, JASA 124), humpback
units of 0.2 to 1.2 s with harmonics (Payne & McVay 1971, Science 173; Dunlop et al. 2007, JASA
122), distant airgun pulses below about 200 Hz, stretched by the sea (Nieukirk et al. 2004, JASA
115), ships with a low-frequency hump, lines of the propeller and its modulation (Ross 1976,
Mechanics of Underwater Noise; McKenna et al. 2012, JASA 131), and knocks and broadband bursts of
gear, waves and right whale gunshots (Parks et al. 2005, Mar. Mammal Sci. 21).

Signal-to-noise ratio (`snr_db`): mean power of the received call, echoes included, during the part
of its duration that lies in the clip, over the mean power of the clip's ambient noise between 50
and 350 Hz, in dB. Other sources (`DISTRACTORS`) do not count as ambient noise.
"""

from utils.ocean.prior import simulate_calls, simulate_prior
from utils.ocean.recordings import Recordings, simulate
from utils.ocean.settings import DISTRACTORS, SNR_BAND, TRUTH_COLUMNS, OceanSettings

__all__ = [
    "DISTRACTORS",
    "OceanSettings",
    "Recordings",
    "SNR_BAND",
    "TRUTH_COLUMNS",
    "simulate",
    "simulate_calls",
    "simulate_prior",
]
