"""A local stand-in for Twilio: a **test peer**, not Twilio and not made by Twilio.

It answers on loopback to what our plugin asks of Twilio's REST API, as the official OpenAPI description has it, plays
the telephones at the other end, fetches and obeys the plugin's TwiML, and tells it by signed callbacks what happens.
README.md says what it does, what it leaves out, and how to make it misbehave.
"""

from tests.plugins.telephony_twilio.standin.peer import StandIn
from tests.plugins.telephony_twilio.standin.people import Behaviour

__all__ = ["Behaviour", "StandIn"]
