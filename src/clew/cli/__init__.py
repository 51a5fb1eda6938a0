"""The command line `clew`: one file per sub-command in `commands/`, loaded only when it is called.

Arguments come in; HTTP requests to a running Clew, or the service itself, go out. Answers go to standard output,
progress and errors to standard error, and the exit code says what happened (`exits.Exit`).
"""
