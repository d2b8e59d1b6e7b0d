"""The parts of `python -m benchmarks.report`."""
