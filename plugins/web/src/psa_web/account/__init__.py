"""Parts of the profile that both shells have: the second factor, and accounts of identity providers."""
