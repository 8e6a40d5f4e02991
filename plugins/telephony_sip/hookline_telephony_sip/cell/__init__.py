"""A cell: the process that holds the legs of one conversation. Run as `python -m hookline_telephony_sip.cell`.

Only `messages` may be imported by the parent: pjsua2 may abort its process and therefore lives nowhere else.
"""
