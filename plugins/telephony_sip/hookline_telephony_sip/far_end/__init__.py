"""The far end: a telephone network and telephones on loopback, for the demo and the tests.

A process of its own (`python -m hookline_telephony_sip.far_end --config FILE.json`) that real SIP user agents can call.
Each number behaves as its configuration says: it rings, answers, talks, is busy, does not answer, declines, hangs up.
It also plays the agents' SIP phones. See `config` for the configuration, `control` for looking on from outside,
`process.FarEndProcess` to start it from Python and `client.FarEndControl` to speak with it.

It is written on asyncio and not on pjsua2, which carries at most four calls per process and aborts the whole process on
an odd datagram or a burst of calls; one far end carries 60 calls and more, and drops what it cannot read. It also makes
the calls' peer a SIP stack other than the one under test.
"""
