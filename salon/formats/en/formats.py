"""Django's own, but for days nobody reads as another one (26 Nov 2026, in columns 2026-11-26) and the 24-hour clock."""

TIME_FORMAT = "H:i"
DATE_FORMAT = "j M Y"
DAY_FORMAT = "D j M Y"  # with the day of the week: Thu 26 Nov 2026
MONTH_DAY_FORMAT = "j M"
DATETIME_FORMAT = "j M Y, H:i"
SHORT_DATE_FORMAT = "Y-m-d"
SHORT_DATETIME_FORMAT = "Y-m-d H:i"
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%Y/%m/%d", "%d %B %Y", "%d %b %Y", "%a %d %b %Y", "%B %d, %Y"]
FIRST_DAY_OF_WEEK = 1
