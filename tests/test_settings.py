"""What an operator may set, what holds when nothing is set, and what a typo does."""

import logging
from pathlib import Path

import pytest

from app import create_app
from database import SealedField, db
from settings import PROJECT, SETTINGS, SettingRefused, read_settings


@pytest.fixture
def start(tmp_path):
    """Starts a site of its own; afterwards the others have their database back."""
    database, sealer = db.obj, getattr(SealedField, "sealer", None)
    started = []

    def start_site(**environ: str):
        started.append(create_app({"INSTANCE_DIR": str(tmp_path / "instance")} | environ))
        return started[-1]

    yield start_site
    for site in started:
        site.extensions["queue"].storage.close()
    db.obj, SealedField.sealer = database, sealer


def rights(path: Path) -> str:
    return f"{path.stat().st_mode & 0o777:o}"


# --- reading ---------------------------------------------------------------------------------------------------------


def test_nothing_needs_to_be_set():
    settings = read_settings({})

    assert set(settings) == {setting.name for setting in SETTINGS}
    assert (settings["HOST"], settings["PORT"], settings["RATE_LIMITS"]) == ("127.0.0.1", 8000, True)
    assert settings["STAFF_SECOND_FACTOR"]
    assert settings["SITE_URL"] == "http://127.0.0.1:8000"
    assert settings["DATABASE_URL"] == f"sqlite:///{PROJECT}/instance/app.db"
    assert settings["MAIL_URL"] == f"file://{PROJECT}/instance/outbox"


def test_every_setting_says_what_it_means():
    assert [setting.name for setting in SETTINGS if len(setting.meaning) < 20] == []


@pytest.mark.parametrize(
    "name, typed, value",
    [
        ("PORT", "8080", 8080),
        ("THREADS", "16", 16),
        ("INSTANCE_DIR", "/srv/iabang", "/srv/iabang"),
        ("SITE_URL", "https://dvc.iabang.vn", "https://dvc.iabang.vn"),
        ("TRUSTED_HOSTS", "dvc.iabang.vn, iabang.vn,", ["dvc.iabang.vn", "iabang.vn"]),
        ("EMBED_SITES", "https://iabang.gialai.gov.vn", ["https://iabang.gialai.gov.vn"]),
        ("EMBED_SITES", " https://a.vn,http://localhost:8080  https://a.vn ,", ["https://a.vn", "http://localhost:8080"]),
        ("TRUSTED_PROXIES", "1", 1),
        ("DATABASE_URL", "postgresql://dvc@db/dvc", "postgresql://dvc@db/dvc"),
        ("MAIL_URL", "smtps://mail.iabang.vn", "smtps://mail.iabang.vn"),
        ("RATE_LIMITS", "off", False),
        ("STAFF_SECOND_FACTOR", "off", False),
    ],
)
def test_the_environment_overrides_the_default(name, typed, value):
    assert read_settings({name: typed})[name] == value


def test_an_empty_setting_is_as_good_as_none():
    assert read_settings({setting.name: "" for setting in SETTINGS}) == read_settings({})


def test_what_follows_from_a_setting_follows_it():
    settings = read_settings({"PORT": "9000", "INSTANCE_DIR": "/srv/iabang"})

    assert settings["SITE_URL"] == "http://127.0.0.1:9000"
    assert settings["DATABASE_URL"] == "sqlite:////srv/iabang/app.db"
    assert settings["DATA_KEY_FILE"] == "/srv/iabang/data.key"


def test_the_name_of_the_site_is_trusted_and_signs_its_mail():
    settings = read_settings({"SITE_URL": "https://dvc.iabang.vn"})

    assert settings["TRUSTED_HOSTS"] == ["dvc.iabang.vn", "localhost", "127.0.0.1"]
    assert settings["MAIL_FROM"] == "khong-tra-loi@dvc.iabang.vn"


@pytest.mark.parametrize(
    "name, typo",
    [
        ("PORT", "80OO"),
        ("PORT", "-1"),
        ("PORT", "70000"),
        ("THREADS", "eight"),
        ("THREADS", "0"),
        ("TRUSTED_PROXIES", "one"),
        ("EMBED_SITES", "iabang.gialai.gov.vn"),
        ("EMBED_SITES", "https://iabang.gialai.gov.vn/"),
        ("EMBED_SITES", "https://iabang.gialai.gov.vn/tin-tuc"),
        ("EMBED_SITES", "https://a.vn; script-src *"),
        ("EMBED_SITES", "https://a.vn;"),
        ("EMBED_SITES", "https://*.gialai.gov.vn"),
        ("EMBED_SITES", "*"),
        ("EMBED_SITES", "https://nguoi@a.vn"),
        ("EMBED_SITES", "https://a.vn:0"),
        ("EMBED_SITES", "https://a.vn:70000"),
        ("EMBED_SITES", "https://a..vn"),
        ("EMBED_SITES", "https://-a.vn"),
        ("EMBED_SITES", "https://A.vn"),
        ("EMBED_SITES", "https://iabăng.vn"),
        ("EMBED_SITES", "ftp://a.vn"),
        ("EMBED_SITES", "'self'"),
        ("EMBED_SITES", "https://a.vn https://b.vn/x"),
        ("TRUSTED_PROXIES", "-1"),
        ("RATE_LIMITS", "of"),
        ("STAFF_SECOND_FACTOR", "no"),
        ("RATE_LIMITS", "ON"),
        ("SITE_URL", "dvc.iabang.vn"),
        ("SITE_URL", "htps://dvc.iabang.vn"),
        ("SITE_URL", "https://"),
        ("SITE_URL", "HTTPS://dvc.iabang.vn"),
    ],
)
def test_a_typo_stops_the_start_and_names_the_setting(name, typo):
    with pytest.raises(SettingRefused, match=f"^{name}="):
        read_settings({name: typo})


# --- starting --------------------------------------------------------------------------------------------------------


def test_a_typo_leaves_no_trace_of_a_start(start, tmp_path):
    with pytest.raises(SettingRefused):
        start(RATE_LIMITS="of")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["MAIL_URL", "STORAGE_URL", "QUEUE_URL"])
def test_a_place_nobody_knows_stops_the_start(start, name):
    with pytest.raises(ValueError, match=r"file:///|sqlite:///"):
        start(**{name: "carrier-pigeon://roof"})


def test_the_instance_folder_is_for_its_owner_alone(start, tmp_path):
    start()

    assert rights(tmp_path / "instance") == "700"


def test_keys_are_made_once_and_only_their_owner_reads_them(start, tmp_path):
    first = start().config["SECRET_KEY"]
    keys = {name: (tmp_path / "instance" / name).read_bytes() for name in ("secret.key", "data.key")}

    assert start().config["SECRET_KEY"] == first
    assert {name: (tmp_path / "instance" / name).read_bytes() for name in keys} == keys
    assert {rights(tmp_path / "instance" / name) for name in keys} == {"600"}


def test_a_secret_key_that_is_given_is_not_written_down(start, tmp_path):
    assert start(SECRET_KEY="given by the operator").config["SECRET_KEY"] == "given by the operator"
    assert not (tmp_path / "instance" / "secret.key").exists()


def test_starting_opens_no_database(start, tmp_path):
    start()

    assert not (tmp_path / "instance" / "app.db").exists()


@pytest.mark.parametrize(
    "settings, said",
    [
        ({}, "SITE_URL is plain http"),
        ({"SITE_URL": "https://dvc.iabang.vn", "RATE_LIMITS": "off"}, "RATE_LIMITS=off"),
        ({"SITE_URL": "https://dvc.iabang.vn", "STAFF_SECOND_FACTOR": "off"}, "STAFF_SECOND_FACTOR=off"),
    ],
)
def test_what_is_unsafe_is_said_in_the_log(start, caplog, settings, said):
    with caplog.at_level(logging.WARNING, "iabang"):
        start(**settings)

    assert [record.message.startswith(said) for record in caplog.records] == [True]


def test_a_safe_site_starts_in_silence(start, caplog):
    start(SITE_URL="https://dvc.iabang.vn")

    assert caplog.records == []
