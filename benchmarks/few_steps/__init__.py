"""`python -m benchmarks.few_steps`: what greys mean in runs of 4 to 8 steps."""
