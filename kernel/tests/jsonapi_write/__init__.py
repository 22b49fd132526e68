"""Tests of the write half of the JSON:API compiler."""
