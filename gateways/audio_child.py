"""Becomes the program named after the memory, the seconds and the bytes of a file it may use: limits first, then the program."""

import os
import resource
import sys


def main() -> None:
    memory, seconds, file_bytes, program, *arguments = sys.argv[1:]
    for limit, most in (
        (resource.RLIMIT_AS, int(memory)),
        (resource.RLIMIT_CPU, int(seconds)),
        (resource.RLIMIT_FSIZE, int(file_bytes)),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    os.nice(10)  # whoever reads a page goes first
    os.execv(program, [program, *arguments])


if __name__ == "__main__":
    main()
