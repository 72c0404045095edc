"""HTTP: one module a room of the site."""
