"""Test support: real servers, real databases, thrown away afterwards."""
