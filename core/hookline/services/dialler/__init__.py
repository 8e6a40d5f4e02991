"""The dialler: calls for all of a campaign's agents at once (power, predictive), and whoever waits for an agent."""
