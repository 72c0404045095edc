"""The command line: each command does its work, says what is wrong in words, and can be run again."""

import os
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
import time_machine
from stage import PASSWORD, PROJECT, make_account, make_staff

from database import db
from gateways.security_log import SecurityLog
from models import ContentPart, OneTimeCode, Staff
from rules.identity import show_phone
from rules.passwords import is_password
from rules.workflow import MOVES, STATE_NAMES

SHIPPED = PROJECT / "content"


@pytest.fixture
def run(app):
    """Runs a command of the site, with these lines on its standard input."""

    def command(*words: str, typed: str = ""):
        result = app.test_cli_runner().invoke(args=words, input=typed)
        db.connect(reuse_if_open=True)
        return result

    return command


@pytest.fixture
def faulty_content(app, tmp_path, monkeypatch):
    """A content folder with two faults in two files."""
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "content"))
    typos = [("site.yaml", "province: Gia Lai", "provinse: Gia Lai"), ("calendar.yaml", "2026-11-24", "2026-11-31")]
    for name, old, new in typos:
        text = (folder / name).read_text("utf-8")
        (folder / name).write_text(text.replace(old, new, 1), "utf-8")
    monkeypatch.setitem(app.config, "CONTENT_DIR", str(folder))
    return folder


# --- init ------------------------------------------------------------------------------------------------------------


def test_init_can_be_run_again(run):
    first, second = run("init"), run("init")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.output == second.output == f"content: {ContentPart.select().count()} parts loaded\n"


def test_init_loads_nothing_faulty_names_every_fault_and_keeps_what_was_there(run, faulty_content):
    before = list(ContentPart.select().order_by(ContentPart.id).dicts())
    result = run("init")

    assert result.exit_code == 1
    assert "site.yaml: provinse" in result.stderr and "calendar.yaml: off" in result.stderr
    assert "what was loaded before stays" in result.stderr
    assert list(ContentPart.select().order_by(ContentPart.id).dicts()) == before


def test_servers_that_start_together_on_a_new_machine_make_one_site(tmp_path):
    environ = {"PATH": os.environ["PATH"], "INSTANCE_DIR": str(tmp_path / "instance"), "SITE_URL": "https://dvc.iabang.vn"}
    command = [sys.executable, "-m", "flask", "--app", "app", "init"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    starts = [subprocess.Popen(command, cwd=PROJECT, env=environ, **pipes) for _ in range(3)]
    ends = [(*start.communicate(timeout=100), start.returncode) for start in starts]

    assert [end for end in ends if end[1:] != ("", 0)] == []
    assert sum("0001_first_tables: done" in said for said, *_ in ends) == 1
    assert all("parts loaded" in said for said, *_ in ends)


# --- staff add -------------------------------------------------------------------------------------------------------


MADE = "staff account H.Lan (officer): made; the password is good for one login within 7 days\n"


def test_staff_are_added_with_a_password_from_standard_input(run):
    result = run("staff", "add", "H.Lan", "--role", "officer", "--full-name", "Rơ Châm H'Lan", typed=f"{PASSWORD}\n")

    staff = Staff.get()
    assert (result.exit_code, result.output) == (0, MADE)
    assert (staff.login_name, staff.full_name, staff.role, staff.office) == ("h.lan", "Rơ Châm H'Lan", "officer", "H21.129")
    assert is_password(staff.password_hash, PASSWORD)


def test_what_the_operator_makes_is_approved_and_its_password_is_good_for_one_login(run):
    run("staff", "add", "lan", "--role", "officer", typed=f"{PASSWORD}\n")

    staff = Staff.get()
    assert (staff.is_in_office(), staff.must_change_password, staff.made_by) == (True, True, None)
    assert [code.kind for code in OneTimeCode.select()] == ["first_password"]


def test_a_village_head_is_added_with_a_village_and_not_without(run):
    without = run("staff", "add", "lan", "--role", "village_head", typed=f"{PASSWORD}\n")
    assert (without.exit_code, Staff.select().count()) == (1, 0) and "thôn" in without.stderr

    run("staff", "add", "lan", "--role", "village_head", "--village", " Thôn 6 ", typed=f"{PASSWORD}\n")
    assert (Staff.get().role, Staff.get().village) == ("village_head", "Thôn 6")


def test_spaces_belong_to_the_password_and_the_end_of_the_line_does_not(run):
    run("staff", "add", "lan", "--role", "officer", typed=f" {PASSWORD} \n")

    assert is_password(Staff.get().password_hash, f" {PASSWORD} ")


def test_without_a_full_name_the_name_stands_for_it(run):
    run("staff", "add", "lan", "--role", "leader", typed=f"{PASSWORD}\n")

    assert Staff.get().full_name == "lan"


@pytest.mark.parametrize("password", ["", "voi rung gao"[:11], "matkhau123456", "lan.cua.xa.1"])
def test_a_weak_password_makes_no_account(run, password):
    result = run("staff", "add", "lan.cua.xa.1", "--role", "officer", typed=f"{password}\n")

    assert result.exit_code == 1 and result.stderr.startswith("Mật khẩu")
    assert Staff.select().count() == 0


def test_a_taken_name_is_refused_and_the_first_account_stays(run):
    run("staff", "add", "lan", "--role", "officer", typed=f"{PASSWORD}\n")
    result = run("staff", "add", "LAN", "--role", "administrator", typed="ba con voi rung\n")

    assert result.exit_code == 1 and "taken" in result.stderr
    assert [(staff.role, is_password(staff.password_hash, PASSWORD)) for staff in Staff.select()] == [("officer", True)]


@pytest.mark.parametrize("role", ["citizen", "boss", ""])
def test_an_unknown_role_is_refused_and_the_roles_are_named(run, role):
    result = run("staff", "add", "lan", "--role", role, typed=f"{PASSWORD}\n")

    assert result.exit_code == 2 and "village_head" in result.stderr
    assert Staff.select().count() == 0


def test_a_new_account_is_in_the_security_log_without_its_password(run, app):
    run("staff", "add", "lan", "--role", "officer", typed=f"{PASSWORD}\n")

    line = (Path(app.config["INSTANCE_DIR"]) / "security.log").read_text().splitlines()[-1]
    assert "staff added" in line and '"lan"' in line and PASSWORD not in line


# --- content check ---------------------------------------------------------------------------------------------------


def test_sound_content_has_no_faults(run):
    result = run("content", "check")

    assert result.exit_code == 0 and result.output.endswith("content: no faults\n")
    # The year 2027 is not complete yet: said, and nothing is stopped by it.
    assert "warning: calendar.yaml: incomplete_years: 2027" in result.output


def test_every_fault_of_every_file_is_named_in_one_run(run, faulty_content):
    result = run("content", "check")

    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["site.yaml", "site.yaml", "calendar.yaml"]


def test_checking_changes_nothing(run, faulty_content):
    before = list(ContentPart.select().order_by(ContentPart.id).dicts())
    run("content", "check")

    assert list(ContentPart.select().order_by(ContentPart.id).dicts()) == before


# --- help ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["init"], ["serve"], ["work"], ["demo"], ["staff", "add"], ["content", "check"]])
def test_each_command_says_in_a_line_what_it_does(run, command):
    result = run(*command, "--help")

    assert result.exit_code == 0
    assert len(result.output.splitlines()[2].strip()) > 20


# --- what is drawn, and what is checked ------------------------------------------------------------------------------


def test_the_picture_of_the_states_is_the_one_in_the_docs(run):
    assert run("states").output == (PROJECT / "docs/images/states.svg").read_text("utf-8")


def test_and_so_is_the_table(run):
    assert run("states", "--table").output == (PROJECT / "docs/states.md").read_text("utf-8")


def test_the_picture_names_every_state_and_every_move(run):
    drawn = run("states").output

    words = re.sub(r"<[^>]*>|\s", "", drawn)
    for text in [name for name, _ in STATE_NAMES.values()] + [move.label for move in MOVES]:
        assert re.sub(r"\s", "", text) in words


def test_a_security_log_nobody_touched_is_whole(run, app):
    app.extensions["security_log"].write("tried", number=1)

    assert run("security-log").exit_code == 0


def test_a_line_that_was_changed_is_named(run, app, tmp_path, monkeypatch):
    log = SecurityLog(tmp_path / "security.log")
    for number in range(3):
        log.write("paper opened", number=number)
    log.path.write_text(log.path.read_text().replace('"number":1', '"number":7'))
    monkeypatch.setitem(app.extensions, "security_log", log)

    result = run("security-log")
    assert (result.exit_code, "line 2:" in result.stderr) == (1, True)


def test_a_log_not_yet_begun_is_whole_too(run, app, tmp_path, monkeypatch):
    monkeypatch.setitem(app.extensions, "security_log", SecurityLog(tmp_path / "none.log"))

    assert run("security-log").exit_code == 0


# --- affected --------------------------------------------------------------------------------------------------------

HEADING = "name,telephone,e-mail,village,dossiers,opened or changed by,first,last"


@pytest.fixture
def log(app, tmp_path, monkeypatch):
    """Writes a line of a new security log at a moment of this day."""
    log = SecurityLog(tmp_path / "security.log")
    monkeypatch.setitem(app.extensions, "security_log", log)

    def write(event: str, at: str = "2026-11-20T10:00:00+07:00", **facts):
        with time_machine.travel(datetime.fromisoformat(at), tick=False):
            log.write(event, **facts)

    return write


def test_whom_an_incident_touched_is_listed_with_how_to_reach_them(run, log, dossier, officer):
    neighbour = make_account("=cmd|x", id_number="062195001244", phone="+84912000111")
    by, at = officer.login_name, "2026-11-20 10:00:00"
    log("dossier opened", staff=officer.id, dossier=dossier.code)
    log("dossier opened", at="2026-11-20T23:59:59+07:00", staff=officer.id, dossier=dossier.code)
    log("account opened", staff=officer.id, account=neighbour.id)

    result = run("affected", "2026-11-20", "2026-11-20")

    owner = dossier.account
    mine = f"{owner.full_name},{show_phone(owner.phone)},{owner.email},{owner.village},{dossier.code}"
    assert result.stdout.splitlines() == [
        HEADING,
        f"'=cmd|x,0912 000 111,{neighbour.email},{neighbour.village},,{by},{at},{at}",
        f"{mine},{by},{at},2026-11-20 23:59:59",
    ]
    assert result.stderr == "people: 2\n"


def test_a_day_is_a_day_of_viet_nam_and_what_nobody_at_work_did_does_not_count(run, log, dossier, officer):
    log("dossier opened", at="2026-11-19T23:59:59+07:00", staff=officer.id, dossier=dossier.code)
    log("dossier opened", at="2026-11-21T00:00:00+07:00", staff=officer.id, dossier=dossier.code)
    log("account changed", account=dossier.account_id)

    assert run("affected", "2026-11-20", "2026-11-20").stdout.splitlines() == [HEADING]


def test_one_members_doings_alone(run, log, dossier, officer):
    colleague = make_staff("officer", "khac")
    log("account opened", staff=colleague.id, account=dossier.account_id)

    assert run("affected", "2026-11-20", "2026-11-20", "--staff", officer.login_name).stdout.splitlines() == [HEADING]
    assert dossier.account.full_name in run("affected", "2026-11-20", "2026-11-20", "--staff", "khac").stdout


def test_lists_name_the_dossiers_they_showed_or_are_counted(run, log, dossier, officer):
    log("post list opened", staff=officer.id, dossiers=[dossier.code, "H21.129-261120-9999"], count=2)
    log("queue opened", staff=officer.id, count=30)

    result = run("affected", "2026-11-20", "2026-11-20")
    assert dossier.code in result.stdout
    assert result.stderr == "people: 1\nthe log only counts whom this showed: queue opened, 1 times\n"


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("20/11/2026", "2026-11-20"), "does not match the format"),
        (("2026-11-21", "2026-11-20"), "the last day is before the first"),
        (("2026-11-20", "2026-11-20", "--staff", "ai"), "ai: no such staff account"),
    ],
)
def test_days_and_names_that_cannot_be_are_said(run, words, fault):
    result = run("affected", *words)

    assert result.exit_code != 0 and fault in result.stderr
    assert result.stdout == ""
