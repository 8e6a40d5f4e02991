"""What pages take in: marshmallow schemas that turn sent forms into the services' drafts."""
