"""Generators of calls behind one `fit` / `sample`.

`registry` builds and loads them by name: `ae`, `vae`, `aae`, `gan`, `diffusion`, one file each, and
beside them the floors of `references`. They share `base` (composition, checks, saving), `training`,
`networks`, the `density` of codes, and the `sea` under a call.
"""
