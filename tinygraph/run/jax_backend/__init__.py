"""The JAX backend: a traced graph as a function of JAX arrays, loops as `lax.scan`."""
