"""How the packaged toy world model is made: `python -m benchmarks.recipe.train --out FOLDER`."""
