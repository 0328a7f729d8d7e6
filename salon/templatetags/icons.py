"""Icons: lucide's own tag, each drawing made once. A page shows twenty of them, and copying their XML was a seventh of its time."""

from functools import lru_cache

from django import template
from lucide.templatetags import lucide

register = template.Library()
register.simple_tag(lru_cache(maxsize=1024)(lucide.lucide), name="lucide")
