"""``python -m tollbook``, the same as ``tollbook``."""

from tollbook.cli.main import main

if __name__ == "__main__":
    main()
