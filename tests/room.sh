#!/usr/bin/env bash
# Makes a folder for the databases and files of one run of the tests: in memory where there is plenty of it, for a slow disk takes
# longer than they do. Open to PostgreSQL, which has a user of its own.
set -u
needed_kb=$((8 * 1024 * 1024))
room_kb=$(df -k --output=avail /dev/shm 2>/dev/null | tail -1)
memory_kb=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo 2>/dev/null)
if [ -w /dev/shm ] && [ "${room_kb:-0}" -gt "$needed_kb" ] && [ "${memory_kb:-0}" -gt "$needed_kb" ]; then
  place=/dev/shm
else
  place=${TMPDIR:-/tmp}
fi
room=$(mktemp -d "$place/iabang-tests-XXXXXX") && chmod 711 "$room" && echo "$room"
