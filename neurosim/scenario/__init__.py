"""What to run: scenarios, their results."""
