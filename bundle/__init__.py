"""The bundle: everything a plain user needs to install the program without root, compiler or network."""
