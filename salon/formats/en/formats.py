"""Django's own, but for figures nobody reads as another day (2026-11-21, not 11/21/2026) and the 24-hour clock."""

TIME_FORMAT = "H:i"
DATETIME_FORMAT = "N j, Y, H:i"
SHORT_DATE_FORMAT = "Y-m-d"
SHORT_DATETIME_FORMAT = "Y-m-d H:i"
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%Y/%m/%d", "%d %B %Y", "%B %d, %Y"]
FIRST_DAY_OF_WEEK = 1
