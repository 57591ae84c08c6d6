"""What is shown of promotions: rates, usage, breakdowns, trends, restatements, alerts. Nothing here moves a counter."""
