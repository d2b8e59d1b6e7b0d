"""A small world: painted landscapes with exact captions, and the model trained on them."""
