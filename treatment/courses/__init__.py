"""From an order to doses: the planner, its preview, what was given and missed."""
