"""One module per `leverframe` command, imported when it is used."""
