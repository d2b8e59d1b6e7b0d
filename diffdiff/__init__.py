"""Every pixel its own denoising strength, by Differential Diffusion (arXiv 2306.00950)."""

__version__ = "0.1.0"
