"""Controls that the WebUI's panel and the local page share."""
