"""The listener: takes calls that come in from trunks and hands each to the cell that is to carry it.

A process of its own in plain Python: cells' library may be killed by one odd datagram, so nothing of it listens.
"""
