"""The extension inside A1111 and Forge: the only part of the package that imports a host."""
