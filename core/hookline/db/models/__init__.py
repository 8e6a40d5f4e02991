"""Core's tables, one file per domain. Import models from here."""

from hookline.db.models.agents import AgentSession, AgentStateChange, Station
from hookline.db.models.call_control import CallParty, PartyDecision, Prompt, Supervision, SupervisionStep
from hookline.db.models.callbacks import Callback
from hookline.db.models.calls import Attempt, Call, DialDecision, Leg, Recording, RecordingDeletion
from hookline.db.models.campaign_plugins import CampaignPlugin
from hookline.db.models.campaigns import (
    Campaign,
    CampaignAgent,
    CampaignContact,
    CampaignList,
    Disposition,
    PacingTick,
)
from hookline.db.models.contacts import (
    Contact,
    ContactList,
    ContactNumber,
    ContactSearch,
    ContactTag,
    CustomField,
    ListContact,
    ListField,
)
from hookline.db.models.identity import Client, User, UserClient
from hookline.db.models.imports import ImportRejection, ImportRun, ImportSource, ImportSourceFile, ImportWarning
from hookline.db.models.jobs import JobStatus
from hookline.db.models.mail import Mail
from hookline.db.models.outbox import OutboxEvent, OutboxReader
from hookline.db.models.plugin_quarantines import DroppedPolicy, PluginQuarantine
from hookline.db.models.rehearsals import Rehearsal
from hookline.db.models.release_sets import ReleaseSet
from hookline.db.models.result_pushes import ResultPush
from hookline.db.models.suppression import Suppression, SuppressionList
from hookline.db.models.tokens import ApiReply, ApiToken, ApiTokenClient
from hookline.db.models.webhooks import WebhookDelivery, WebhookEndpoint, WebhookSeen

__all__ = [
    "AgentSession",
    "AgentStateChange",
    "ApiReply",
    "ApiToken",
    "ApiTokenClient",
    "Attempt",
    "Call",
    "CallParty",
    "Callback",
    "Campaign",
    "CampaignAgent",
    "CampaignContact",
    "CampaignList",
    "CampaignPlugin",
    "Client",
    "Contact",
    "ContactList",
    "ContactNumber",
    "ContactSearch",
    "ContactTag",
    "CustomField",
    "DialDecision",
    "Disposition",
    "DroppedPolicy",
    "ImportRejection",
    "ImportRun",
    "ImportSource",
    "ImportSourceFile",
    "ImportWarning",
    "JobStatus",
    "Leg",
    "ListContact",
    "ListField",
    "Mail",
    "OutboxEvent",
    "OutboxReader",
    "PacingTick",
    "PartyDecision",
    "PluginQuarantine",
    "Prompt",
    "Recording",
    "RecordingDeletion",
    "Rehearsal",
    "ReleaseSet",
    "ResultPush",
    "Station",
    "Supervision",
    "SupervisionStep",
    "Suppression",
    "SuppressionList",
    "User",
    "UserClient",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookSeen",
]
