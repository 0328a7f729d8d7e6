"""The one password hasher: Argon2id, sized so that a few people logging in at once do not ask for a gigabyte."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """46 MiB, one pass, one lane: OWASP's first choice for Argon2id. Django's default takes 100 MiB and 8 lanes a log-in."""

    memory_cost = 47_104
    time_cost = 1
    parallelism = 1
