"""The trial bank: a small program of its own that speaks VNPAY 2.1.0 from the other side. No money moves in it.

It shares no code with the site and its client (gateways/vnpay.py), so that each checks what the other made of the protocol.
"""
