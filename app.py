"""create_app(): settings, extensions, blueprints, command line. Wiring only."""

import logging
import os
from pathlib import Path

from flask import Flask
from htmx_flask import Htmx
from werkzeug.middleware.proxy_fix import ProxyFix

import chores
import commands
import database
from gateways.files import files_at
from gateways.mail import mailer_at
from gateways.queue import queue_at
from gateways.security_log import SecurityLog
from gateways.vnpay import Vnpay
from rules import attempts, message_catalogue
from rules.library import LatestLibrary
from sandbox.keys import payment_url
from sealing import Sealer, read_or_make_key
from settings import read_settings
from views import (
    account,
    announcement_desk,
    announcements,
    answering,
    businesses,
    campaigns,
    content_desk,
    desk_businesses,
    desk_dossiers,
    desk_moves,
    desk_payments,
    desk_queue,
    documents,
    embed_desk,
    embeds,
    errors,
    form_features,
    guards,
    guides,
    headers,
    helping,
    history,
    home,
    lateness,
    listening,
    lookup,
    loudspeakers,
    mending,
    messages,
    my_account,
    my_data,
    my_payments,
    outreach,
    packs,
    paper_checks,
    papers,
    payment_gateway,
    people,
    post,
    posters,
    preview,
    printed_forms,
    procedures,
    recordings,
    recovery,
    reports,
    results,
    screens,
    short,
    staff,
    staff_login,
    staff_self,
    transparency,
    villages,
    visits,
)
from views.page_cache import PageCache

ROOMS = (
    home,
    guides,
    listening,
    procedures,
    posters,
    short,
    account,
    recovery,
    my_payments,  # and with it personal, whose blueprint it shares
    my_account,
    my_data,
    documents,
    businesses,
    papers,  # and with it submission, whose blueprint it shares
    mending,
    lookup,
    desk_queue,  # and with it desk, whose blueprint it shares
    desk_dossiers,
    desk_moves,
    desk_payments,
    lateness,
    results,
    messages,
    post,
    payment_gateway,
    printed_forms,
    paper_checks,
    staff_login,
    staff,
    staff_self,
    desk_businesses,
    form_features,
    people,
    helping,
    recordings,
    history,
    reports,
    packs,
    transparency,
    announcements,
    announcement_desk,
    loudspeakers,
    content_desk,
    outreach,
    campaigns,
    villages,
    preview,
    embeds,
    embed_desk,
)


def create_app(environ=os.environ) -> Flask:
    """The whole site for these settings. Opens no database and starts no work; `init` must have made the tables."""
    settings = read_settings(environ)
    app = Flask(__name__, static_folder=None)
    app.config.from_mapping(settings)
    _secure(app)
    _connect(app, Path(settings["INSTANCE_DIR"]))
    _add_extensions(app)
    for room in ROOMS:
        app.register_blueprint(room.bp)
    for wiring in (guards, screens, errors, chores, commands):
        wiring.init_app(app)
    _wrap(app)
    return app


def _secure(app: Flask) -> None:
    app.url_map.converters["int"] = guards.ShortNumber
    instance = Path(app.config["INSTANCE_DIR"])
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    app.config["SECRET_KEY"] = app.config["SECRET_KEY"] or read_or_make_key(instance / "secret.key").hex()
    app.config.from_mapping(MAX_FORM_PARTS=500, MAX_FORM_MEMORY_SIZE=guards.MOST_FORM_BYTES)
    if not visits.is_https(app):
        logging.getLogger("iabang").warning(
            "SITE_URL is plain http: cookies without Secure, no HSTS. For trials on one machine only."
        )
    attempts.Switch.is_on = app.config["RATE_LIMITS"]
    message_catalogue.Place.address = app.config["SITE_URL"]
    if not app.config["RATE_LIMITS"]:
        logging.getLogger("iabang").warning(
            "RATE_LIMITS=off: guessing passwords and codes is not slowed down. For load tests only."
        )
    if not app.config["STAFF_SECOND_FACTOR"]:
        logging.getLogger("iabang").warning("STAFF_SECOND_FACTOR=off: a password alone opens the desk. For trials only.")


def _connect(app: Flask, instance: Path) -> None:
    sealer = Sealer([read_or_make_key(Path(app.config["DATA_KEY_FILE"]))])
    database.use_database(database.open_database(app.config["DATABASE_URL"]), sealer)
    app.extensions |= {
        "files": files_at(app.config["STORAGE_URL"], sealer),
        "mailer": mailer_at(app.config["MAIL_URL"], app.config["MAIL_FROM"]),
        "queue": queue_at(app.config["QUEUE_URL"]),
        "security_log": SecurityLog(instance / "security.log"),
        "library": LatestLibrary(),
    }
    _open_payments(app, app.config["PAYMENT_URL"] or payment_url(instance, app.config["SANDBOX_PORT"]))
    # Of a trial bank at any free port only `serve` knows which, and not before it has begun.
    app.extensions["payments_at"] = lambda url: _open_payments(app, url)


def _open_payments(app: Flask, url: str) -> None:
    app.extensions["payments"] = Vnpay(url)


def _add_extensions(app: Flask) -> None:
    Htmx(app)
    visits.login_manager.init_app(app)
    app.session_interface = visits.Visits()
    # Lynx and old phone stacks follow RFC 2616: a Location must be absolute.
    app.response_class.autocorrect_location_header = True
    app.context_processor(answering.choose_answer)
    app.after_request(headers.finish)


def _wrap(app: Flask) -> None:
    """Around the application, the innermost first: connection, page cache, proxies."""
    app.wsgi_app = database.keep_connection(app.wsgi_app)
    app.wsgi_app = PageCache(app.wsgi_app, app.config["TRUSTED_HOSTS"])
    proxies = app.config["TRUSTED_PROXIES"]
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)
