"""The sub-commands, one file each; every file has an `app`."""
