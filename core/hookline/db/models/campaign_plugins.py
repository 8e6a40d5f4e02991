"""The plugins that a campaign restricts itself to."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base


class CampaignPlugin(Base):
    """A plugin that a campaign works with. A campaign without any works with all of them."""

    __tablename__ = "campaign_plugins"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    plugin: Mapped[str] = mapped_column(primary_key=True)
