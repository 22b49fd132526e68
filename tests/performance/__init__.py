"""How fast the platform is, as ratios measured in one run; and the plans and statement counts that make it so."""
