"""What the WebUI's panel and the standalone page have in common."""
