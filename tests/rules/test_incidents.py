"""Whom an incident touched: each thing a line of the log may name leads to its owner."""

import pytest
from stage import make_account

from database import utc_now
from models import Business, Manifest, Representative, Shipment
from rules import incidents

AT = "2026-11-20T03:00:00.000000+00:00"


@pytest.fixture
def things(dossier, officer):
    """{what a line names it by: its key}, all of `dossier`'s owner."""
    to_owner = {"office": "H21.129", "direction": "return"}
    manifest = Manifest.create(**to_owner, year=2026, number=1, made_by=officer, form_key="một")
    shipment = Shipment.create(**to_owner, dossier=dossier, receiver="R", address="A", manifest=manifest)
    business = Business.create(tax_code="5900012345", name="Cà phê Ia Băng")
    Representative.create(business=business, account=dossier.account, added_by_name="R", accepted_at=utc_now())
    keys = {"dossier": dossier.code, "account": dossier.account_id, "shipment": shipment.id}
    return keys | {"list": manifest.id, "business": business.id, "dossiers": [dossier.code]}


@pytest.mark.parametrize("kind", [*incidents.NAMED_BY, "dossiers"])
def test_what_a_line_names_leads_to_its_owner(things, dossier, officer, kind):
    make_account("Người Khác", id_number="062195001244")
    people, _ = incidents.touched([{"at": AT, "event": "opened", "staff": officer.id, kind: things[kind]}])

    assert [one.account.full_name for one in people] == [dossier.account.full_name]
    assert people[0].dossiers == (set() if kind in ("account", "business") else {dossier.code})


def test_what_is_no_longer_there_touches_nobody(officer):
    assert incidents.touched([{"at": AT, "event": "opened", "staff": officer.id, "dossier": "H21.129-261120-9999"}])[0] == []
