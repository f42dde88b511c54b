"""The world in the browser: a page where it runs while you watch, pull levers and compare."""
