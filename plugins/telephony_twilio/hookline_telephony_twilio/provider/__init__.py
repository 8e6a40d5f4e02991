"""What speaks with Twilio through its own library: nothing outside this package imports it."""
