"""Dates and numbers by language, where Django's own formats do not fit a salon's desk (FORMAT_MODULE_PATH)."""
