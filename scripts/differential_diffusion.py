"""Differential Diffusion for the WebUI: see `diffdiff/webui/script.py`."""

from diffdiff.webui import watch
from diffdiff.webui.script import DifferentialDiffusion  # noqa: F401  (the host finds it here)

watch.start()  # each time that the host loads its scripts
