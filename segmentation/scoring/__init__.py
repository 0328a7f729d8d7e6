"""Scores and classes of customers and items, as pure functions of integers: no Django, no database, no clock."""
