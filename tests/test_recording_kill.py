"""The program is killed while a recording is made small: nothing is heard that is not whole, and it is taken up again."""

import os

import serving
from serving import wait_until
from sounds import needs_ffmpeg

STATES = "import prepared; prepared.print_states()"
A_WHILE_LATER = """
import json, os
from datetime import timedelta
from app import create_app
from database import db, utc_now
from models import Recording
from rules import recordings

app = create_app(os.environ)
with db.connection_context():
    recordings.convert_waiting(app.extensions["files"], lambda: utc_now() + timedelta(minutes={minutes}))
    row = Recording.get()
    print(json.dumps([row.state, row.tries, row.seconds, row.stored_name, [name for name, _ in app.extensions["files"].names()]]))
"""


@needs_ffmpeg
def test_a_recording_left_by_a_killed_server_is_made_small_by_the_next(tmp_path):
    slow = tmp_path / "slow"
    slow.mkdir()
    (slow / "ffmpeg").write_text("#!/bin/sh\nexec sleep 20\n")
    (slow / "ffmpeg").chmod(0o755)
    folder, path = tmp_path / "site", os.environ["PATH"]
    folder.mkdir()
    site = serving.Site(folder)
    site.flask("init")
    site.environ["PATH"] = f"{slow}:{path}"
    site.start()
    try:
        site.environ["PATH"] = path
        site.python("import prepared; prepared.print_recording('nop-ho-so', 2, 'jrai', 3)")
        wait_until(lambda: site.python(STATES)[0][1] == "working", lambda: f"nobody began:\n{site.output()}", every=0.2)
        site.kill()

        state, tries, _, stored_name, files = site.python(A_WHILE_LATER.format(minutes=1))
        assert (state, tries, files) == ("working", 1, [stored_name])
        state, tries, seconds, stored_name, files = site.python(A_WHILE_LATER.format(minutes=16))
        assert (state, tries, seconds, stored_name, len(files)) == ("ready", 2, 3, None, 2)
    finally:
        site.stop()
