"""Template filters about visits."""

from django import template

from archives.visits import queries

register = template.Library()
register.filter("staff_names", queries.staff_names)
register.filter("item_names", queries.item_names)
