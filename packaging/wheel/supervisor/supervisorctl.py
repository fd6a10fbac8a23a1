"""`python -m supervisor.supervisorctl`."""

from supkit import supervisorctl as main

if __name__ == "__main__":
    main()
