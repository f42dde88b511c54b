"""The world in the browser: page, sessions, charts and map."""
