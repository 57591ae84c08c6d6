"""The page in a real browser, before a real server: what a person sees, clicks and reads."""
