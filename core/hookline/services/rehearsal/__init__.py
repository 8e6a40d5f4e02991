"""Rehearsals: a campaign's past day lived through again on a virtual clock, under another mode or staffing.

`history` reads the day from the stored rows, `fitting` makes a model of it, `world` lives through it with the dialler's
own pacers, `service` puts these together and keeps what came of it. Nothing here can dial.
"""
