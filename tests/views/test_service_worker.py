"""The service worker as the site gives it away; what it does is shown in tests/browser/test_offline.py."""

import re

import brotli

from views.screens import asset


def get(visitor, **headers):
    return visitor.client.get("/sw.js", headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_it_is_a_script_that_may_be_kept_for_a_day_and_leads_nowhere_else(visitor):
    answer = get(visitor)

    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none';connect-src 'self'"
    assert "Set-Cookie" not in answer.headers


def test_it_is_the_same_for_whoever_is_logged_in(new_visitor, visit_as, account, officer):
    assert get(new_visitor()).data == get(visit_as(account)).data == get(visit_as(officer)).data


def test_an_unchanged_one_is_not_sent_again(visitor):
    mark = get(visitor, Accept_Encoding="br").headers["ETag"]

    assert get(visitor, Accept_Encoding="br", If_None_Match=mark).status_code == 304


def test_it_knows_the_style_sheet_of_today_and_has_no_comments(visitor, app):
    text = get(visitor).text
    with app.test_request_context():
        assert f"'{asset('style.css')}'" in text
    assert "STYLE_ADDRESS" not in text and "/*" not in text


def test_every_page_with_script_leads_to_it(visitor):
    address = re.search(r'src="([^"]*gate\.js[^"]*)"', visitor.get("/").text)[1]

    assert "register('/sw.js'" in visitor.client.get(address).text


def test_it_is_light(visitor):
    answer = get(visitor, Accept_Encoding="br")

    assert len(answer.data) < 1800 and brotli.decompress(answer.data) == get(visitor).data
