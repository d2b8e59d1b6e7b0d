"""Differential Diffusion for the WebUI: see `diffdiff/webui/script.py`."""

from diffdiff.webui.start import load

DifferentialDiffusion = load()  # the host finds it here
