"""`python -m supervisor.confecho`."""

from supkit import echo_supervisord_conf as main

if __name__ == "__main__":
    main()
