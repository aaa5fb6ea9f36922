"""Names and colours of the generators and of what they are compared with, in all figures.

Colours are those of Paul Tol's muted scheme, but for the GAN's, and stand for no classifier or
class; black and greys are the real clips and the floors.
"""

from utils.models.generators import registry

GENERATORS = {  # name: (name in figures, colour)
    "real": ("reales", "#000000"),
    "ae": ("AE", "#999933"),
    "vae": ("VAE", "#332288"),
    "aae": ("AAE", "#AA4499"),
    "gan": ("GAN", "#B2182B"),
    "diffusion": ("difusión", "#CC6677"),
    "copies": ("copias", "#44AA99"),
    "pca_gaussian": ("PCA gaussiana", "#8C8C8C"),
    "noise": ("media + ruido", "#56606B"),
    "hydrophone": ("hidrófono", "#117733"),
    "sea": ("mar sin llamada", "#BBBBBB"),
}
SPARE = ("#6699CC", "#882255", "#661100")  # of generators without a line above
_new = [name for name in registry.REGISTRY if name not in GENERATORS]
GENERATORS |= {name: (name, SPARE[k % len(SPARE)]) for k, name in enumerate(_new)}


def title(name: str) -> str:
    """Return the name of a generator in figures and sentences."""
    return GENERATORS[name][0]
