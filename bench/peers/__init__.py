"""The same storms against open-source engines that have budgets for promotions, each in its own words."""
