"""The bundled model's network and what makes, exports and checks it (needs the torch extra)."""
