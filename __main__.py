"""`python -m wattrace` is `wattrace`."""

from wattrace.cli import main

if __name__ == "__main__":
    main()
