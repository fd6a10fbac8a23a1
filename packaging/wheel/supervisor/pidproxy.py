"""`python -m supervisor.pidproxy`."""

from supkit import pidproxy as main

if __name__ == "__main__":
    main()
