"""What stands between an administrator and a test call: the numbers it must not be placed to."""

from __future__ import annotations

from sqlalchemy import or_, select

from hookline.db.database import Database
from hookline.db.models import ContactNumber, Suppression
from hookline.services.phones import InvalidPhone, country_of, is_emergency, is_premium, is_short, normalise
from hookline.text import N_
from hookline_telephony_sip.errors import TestCallRefused


def number_for_test(db: Database, text: str, caller_id: str, client_id: int | None) -> str:
    """The number as E.164, where a test call may go there; national numbers are those of the caller ID's country.

    Raises TestCallRefused for what is no number, emergency, short and premium numbers, suppressed ones, and contacts'
    numbers: those are called through the dial gate, for a reason that it knows, or not at all.
    """
    home = country_of(caller_id) or ""
    if is_emergency(text, home):
        raise TestCallRefused(N_("This is an emergency number. It is never dialled."))
    if home and is_short(text, home):
        raise TestCallRefused(N_("This is a short number. It is never dialled."))
    try:
        number = normalise(text, home).e164
    except InvalidPhone as error:
        raise TestCallRefused(N_("Write the number with its country code, like +48 22 123 45 67.")) from error
    if is_emergency(number, country_of(number) or home):
        raise TestCallRefused(N_("This is an emergency number. It is never dialled."))
    if is_premium(number):
        raise TestCallRefused(N_("This is a premium-rate number."))
    _refuse_other_peoples(db, number, client_id)
    return number


def _refuse_other_peoples(db: Database, number: str, client_id: int | None) -> None:
    in_force = or_(Suppression.expires_at.is_(None), Suppression.expires_at > db.clock.now())
    if client_id is not None:
        in_force &= or_(Suppression.client_id.is_(None), Suppression.client_id == client_id)
    with db.read() as session:
        suppressed = session.scalar(select(Suppression.id).where(Suppression.e164 == number, in_force).limit(1))
        contact = session.scalar(select(ContactNumber.id).where(ContactNumber.e164 == number).limit(1))
    if suppressed is not None:
        raise TestCallRefused(N_("The number is on the suppression list."))
    if contact is not None:
        raise TestCallRefused(N_("This is a contact’s number. Call a telephone of your own."))
