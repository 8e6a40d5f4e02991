"""The services of running calls, built together: they work on the same calls, parties and sounds."""

from __future__ import annotations

from pathlib import Path

from hookline.db.database import Database
from hookline.ports.hooks import Hooks
from hookline.services.calls import CallService
from hookline.services.campaign_lines import CampaignLines
from hookline.services.draining import Draining
from hookline.services.gate import DialGate
from hookline.services.identity import IdentityService
from hookline.services.inbound import InboundService
from hookline.services.offers import OfferService
from hookline.services.party_gate import PartyGate
from hookline.services.prompts import PromptService
from hookline.services.returns import Returns
from hookline.services.sounds import Sounds
from hookline.services.supervision import SupervisionRules, SupervisionService
from hookline.services.transfer_targets import TargetBook
from hookline.services.transfers import TransferService


class DeskCalls:
    """What agents and supervisors do with calls, and what calls do by themselves."""

    def __init__(
        self,
        db: Database,
        hooks: Hooks,
        gate: DialGate,
        identity: IdentityService,
        recordings: Path,
        prompts: Path,
        supervision: SupervisionRules,
    ) -> None:
        self.prompts = PromptService(db, prompts)
        self.sounds = Sounds(self.prompts)
        self.calls = CallService(db, hooks, recordings, self.sounds)
        self.party_gate = PartyGate(db, hooks)
        self.returns = Returns(db, self.calls, self.sounds)
        self.offers = OfferService(db, self.calls, self.sounds, self.returns)
        self.transfers = TransferService(db, self.calls, self.party_gate, self.offers, self.returns, self.sounds)
        self.targets = TargetBook(db)
        self.campaign_lines = CampaignLines(db, hooks)
        self.inbound = InboundService(db, hooks, self.offers)
        self.supervision = SupervisionService(db, self.calls, self.party_gate, identity, supervision)
        self.calls.on_connecting.append(self.supervision.follow)
        self.draining = Draining(db, gate, self.inbound, self.transfers)
