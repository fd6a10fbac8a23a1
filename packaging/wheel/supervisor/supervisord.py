"""`python -m supervisor.supervisord`."""

from supkit import supervisord as main

if __name__ == "__main__":
    main()
