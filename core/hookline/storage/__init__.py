"""Recording stores: adapters of `hookline.ports.recording_store`, one module each."""
