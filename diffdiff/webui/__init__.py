"""The extension inside a WebUI: the only part of the package that imports a host."""
