"""The command line: thin doors to the rules, each safe to run twice."""

import csv
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

import chores
from database import db, migrate, utc_now
from rules import WrongInput, content_store, incidents, state_picture, workflow
from rules import demo as demo_rules
from rules import staff as staff_rules
from rules.content import ContentWrong, check_content, content_warnings
from rules.passwords import read_new_password
from rules.vietnamese import in_vietnam
from sandbox import beside
from sandbox.keys import payment_url


def init_app(app: Flask) -> None:
    for command in (init, serve, work, demo, staff, content, states, security_log, affected):
        app.cli.add_command(command)


@click.command()
@with_appcontext
def init():
    """Make or update the tables and load the content folder."""
    for name in migrate():
        click.echo(f"table change {name}: done")
    with db.connection_context():
        try:
            loaded = content_store.load_content(Path(current_app.config["CONTENT_DIR"]))
        except ContentWrong as wrong:
            _fail([*wrong.faults, "Content not loaded: what was loaded before stays."])
        workflow.fill_warnings(current_app.extensions["library"].refreshed().calendar)
    for name in loaded.kept:
        click.echo(f"{name}: as the desk published it; the folder says something else (content export, content import)")
    click.echo(f"content: {loaded.count} parts loaded")


@click.command()
@with_appcontext
def serve():
    """Run the web server and the background worker until interrupted."""
    from waitress import serve as run_waitress

    app = current_app._get_current_object()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    with trial_bank(app):
        chores.start_worker(app)
        click.echo(f"Trang dịch vụ công: {app.config['SITE_URL']}   (Ctrl+C to stop)")
        run_waitress(
            app,
            host=app.config["HOST"],
            port=app.config["PORT"],
            threads=app.config["THREADS"],
            connection_limit=1000,
            channel_timeout=60,
            max_request_body_size=64 * 1024 * 1024,
            ident=None,
            clear_untrusted_proxy_headers=False,
        )


@contextmanager
def trial_bank(app: Flask) -> Iterator[None]:
    """Beside a site without a gateway of its own runs the trial bank; where that cannot be, the site runs all the same."""
    if app.config.get("PAYMENT_URL"):
        yield
        return
    try:
        bank = beside.Child(Path(app.config["INSTANCE_DIR"]), app.config["SANDBOX_PORT"], notice_address(app))
    except beside.PortTaken as taken:
        click.echo(f"Trial bank NOT started: port {taken} is taken. The site runs without; SANDBOX_PORT names another.", err=True)
        yield
        return
    app.extensions.get("payments_at", lambda url: None)(payment_url(Path(app.config["INSTANCE_DIR"]), bank.port))
    click.echo(f"Ngân hàng thử (không phải tiền thật): http://127.0.0.1:{bank.port}/bang-dieu-khien")
    if app.config["SITE_URL"].startswith("https:"):
        click.echo("PAYMENT_URL is empty: who pays online is sent to the trial bank, which only this machine reaches.", err=True)
    try:
        yield
    finally:
        bank.stop()


def notice_address(app: Flask) -> str:
    """Where this site, seen from its own machine, takes the gateway's notices."""
    host = app.config["HOST"]
    if host in ("0.0.0.0", "::", "*"):
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{app.config['PORT']}/thanh-toan/vnpay/ipn"


@click.command()
@with_appcontext
def work():
    """Run the background worker alone, beside servers started elsewhere."""
    chores.run_worker(current_app._get_current_object())


@click.command()
@click.option("--dossiers", "count", default=2000, type=click.IntRange(min=1), help="How many; 2000 when left out.")
@click.option("--seed", default=1, help="The same seed makes the same people.")
@click.option("--accounts", is_flag=True, help="Print an account of each role, with a new random password.")
@with_appcontext
def demo(count: int, seed: int, accounts: bool):
    """Fill an empty instance with made-up people and their dossiers of two years; beside real people nothing is made."""
    with db.connection_context():
        try:
            if demo_rules.is_demo():
                click.echo("made-up people: {} and {} dossiers were here already; none added".format(*demo_rules.counts()))
            else:
                library = current_app.extensions["library"].refreshed()
                demo_rules.make(count, seed, utc_now(), library, lambda done: click.echo(f"dossiers: {done} of {count}"))
                click.echo("made-up people: {}; dossiers: {}".format(*demo_rules.counts()))
            for trial in demo_rules.give_passwords() if accounts else ():
                click.echo(f"  {trial.role:14} {trial.name:20} {trial.password:40} {trial.full_name}")
        except WrongInput as fault:
            _fail([str(fault)])
    current_app.extensions["security_log"].write("demo people", dossiers=count, accounts=accounts)


staff = AppGroup("staff", help="Accounts of the commune's staff.")


@staff.command("add")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(staff_rules.ROLES))
@click.option("--full-name", default="", help="As shown to citizens; NAME when left out.")
@click.option("--village", default="", help="Of a village head, as the content names it; needed for that role.")
def add_staff(name: str, role: str, full_name: str, village: str):
    """Make a staff account NAME; its first password, good for one login, is read from standard input."""
    password = (
        click.prompt("Password", hide_input=True, confirmation_prompt=True)
        if sys.stdin.isatty()
        else sys.stdin.readline().rstrip("\n")
    )
    with db.connection_context():
        try:
            read_new_password(password, staff_rules.SHORTEST_PASSWORD, (name, full_name))
            office = current_app.extensions["library"].refreshed().site.codes.agency
            more = {"village": staff_rules.read_village(role, village), "must_change_password": True}
            # Whoever runs the machine needs nobody's approval: they could write the row themselves.
            staff_rules.add_staff(name, full_name or name, role, office, password, utc_now(), **more)
        except WrongInput as fault:
            _fail([str(fault)])
    current_app.extensions["security_log"].write("staff added", name=name, role=role, village=village)
    click.echo(f"staff account {name} ({role}): made; the password is good for one login within 7 days")


content = AppGroup("content", help="The folder the commune edits.")


@content.command("check")
def check():
    """Name file, place and fault of everything wrong in the content folder; a warning is no fault, and stops nothing."""
    folder = Path(current_app.config["CONTENT_DIR"])
    faults = check_content(folder)
    if faults:
        _fail(faults)
    for warning in content_warnings(folder, in_vietnam(utc_now()).date()):
        click.echo(f"warning: {warning}")
    click.echo("content: no faults")


@content.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@with_appcontext
def export_content(folder: Path):
    """Write the content in force, with what the desk has published, as YAML files into FOLDER, empty or new."""
    with db.connection_context():
        try:
            count = content_store.export_folder(folder)
        except WrongInput as wrong:
            _fail([str(wrong)])
    click.echo(f"content: {count} files written")


@content.command("import")
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path), required=False)
@with_appcontext
def import_content(folder: Path | None):
    """Put the files of FOLDER (the content folder when left out) in force, also in place of what the desk has published."""
    with db.connection_context():
        try:
            count = content_store.import_folder(folder or Path(current_app.config["CONTENT_DIR"]), utc_now())
        except ContentWrong as wrong:
            _fail([*wrong.faults, "Content not loaded: what was loaded before stays."])
    click.echo(f"content: {count} parts loaded")


@click.command()
@click.option("--table", is_flag=True, help="Write it as a table in place of a picture (docs/states.md).")
def states(table: bool):
    """Draw the life of a dossier from the table of moves, as SVG (docs/images/states.svg)."""
    click.echo(state_picture.tabulate() if table else state_picture.draw(), nl=False)


@click.command("security-log")
@with_appcontext
def security_log():
    """Check that no line of the security log was changed or taken out; names those that do not follow from the ones before."""
    log = current_app.extensions["security_log"]
    broken = log.broken_lines()
    if broken:
        _fail([f"line {number}: does not follow from the lines before it" for number in broken])
    click.echo("security log: every line follows from the one before")


DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("first", type=DAY)
@click.argument("last", type=DAY)
@click.option("--staff", "login_name", default="", help="Only what was done with this staff account.")
@with_appcontext
def affected(first: datetime, last: datetime, login_name: str):
    """Whom an incident touched between two days (both whole, of Việt Nam): CSV, for telling them within 72 hours."""
    if last < first:
        raise click.BadParameter("the last day is before the first")
    with db.connection_context():
        try:
            people, only_counted = incidents.affected(
                current_app.extensions["security_log"], first.date(), last.date(), login_name
            )
        except WrongInput as wrong:
            _fail([str(wrong)])
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(incidents.HEADING)
    table.writerows(people)
    click.echo(f"people: {len(people)}", err=True)
    for event, times in sorted(only_counted.items()):
        click.echo(f"the log only counts whom this showed: {event}, {times} times", err=True)


def _fail(lines: list[str]) -> None:
    for line in lines:
        click.echo(line, err=True)
    sys.exit(1)
