"""The microkernel: discovers plugins and gives them what they declare."""
