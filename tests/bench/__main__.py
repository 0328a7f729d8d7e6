"""`make bench`: each figure the product promises, measured here, beside its limit.

python -m tests.bench [PART …]
"""

import sys

from tests.bench import start

PARTS = {"start": start.measure}


def main(names):
    over = False
    for name in names or PARTS:
        for figure in PARTS[name]():
            print(figure, flush=True)
            over = over or figure.is_over
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
