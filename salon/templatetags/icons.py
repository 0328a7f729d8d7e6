"""Icons: lucide's own tag, each drawing made once. Copying the XML of twenty of them took a seventh of a page's time."""

from functools import lru_cache

from django import template
from lucide.templatetags import lucide

register = template.Library()
register.simple_tag(lru_cache(maxsize=1024)(lucide.lucide), name="lucide")
