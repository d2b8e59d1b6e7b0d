"""The same core without a WebUI, on diffusers."""
