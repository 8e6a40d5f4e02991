"""SIP in plain Python: messages, addresses, transactions. The listener and the far end share it; cells do not."""
