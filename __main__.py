"""`python -m wattrace` is `wattrace`."""

from .cli import main

if __name__ == "__main__":
    main()
