"""What `benchmarks.fuzz` throws at the code, and how it watches what happens."""
